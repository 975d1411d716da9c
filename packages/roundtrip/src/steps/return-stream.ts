import { Failed } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { withClient } from '../postgres/connection.ts';
import { compareFingerprints, fingerprintTables, type TableFingerprints } from '../postgres/fingerprint.ts';
import { foreignKeys } from '../postgres/foreign-keys.ts';
import {
  armReverse,
  disarmReverse,
  inspectReverse,
  type ReplicationStream,
  streamNames,
} from '../postgres/replication/index.ts';
import { canonicalTableName } from '../postgres/table-name.ts';
import { type StepCommon, type StepSpec, stepSpec } from '../runbook/step-spec.ts';
import { carryBehindFence } from './carry-behind-fence.ts';
import { COPIED_WHOLE, countCustomers, customersUntilClosed, uncountedCustomers } from './count-changes.ts';
import {
  DRAIN_TIMEOUT_MS,
  drainBack,
  FENCE_TIMEOUT_MS,
  mappingOf,
  type ReturnSides,
  type ReturnStreamOf,
  type ReverseMapping,
  removeRemains,
} from './drain-back.ts';
import { lostStream } from './lost-stream.ts';
import { backupOrigin, findOrRestoreReturn, type ReturnDatabase } from './restored-return.ts';
import { anyStepKind, type StepContext } from './step-kind.ts';
import { applicationName } from './target-databases.ts';

export interface ReturnStreamArgs extends JsonObject {
  /** The tables that are carried: the protected ones and what customers write besides. */
  readonly tables: readonly string[];
  readonly mapping: readonly JsonObject[];
}

/**
 * Keeps the return database in step: from now on what is written to these tables flows into it by logical replication.
 * Stands after the proof and before the first customer is let in. Its undo, in a rollback, drains the stream behind a
 * fence, compares both sides, carries the sequences, gives rows that the old schema cannot hold a place (the reverse
 * mapping) and checks every foreign key by its rows: no acknowledged write is lost.
 *
 * @example returnStream({ tables: ['users', 'orders', 'order_items'], mapping: [{ table: 'products', sql: 'INSERT …' }] })
 */
export function returnStream(
  options: StepCommon & {
    readonly tables: readonly string[];
    readonly mapping?: readonly ReverseMapping[] | undefined;
  },
): StepSpec {
  return stepSpec({
    kind: 'return-stream',
    defaultId: 'return-stream',
    defaultTitle: 'Keep the return database in step',
    effect: 'reversible',
    common: options,
    args: { tables: options.tables, mapping: (options.mapping ?? []).map((statement) => ({ ...statement })) },
  });
}

function sidesOf(context: StepContext): ReturnSides {
  const { database } = context.plan.target;
  return {
    live: database,
    return: { ...database, database: String(context.evidenceOfKind('backup').returnDatabase) },
  };
}

function streamName(context: StepContext): string {
  return `roundtrip_${context.runId.slice(-4)}`;
}

/** The stream as `do` armed it; after a `do` without outcome, by its names alone: enough to remove what there is of it. */
function armedStream(context: StepContext): ReplicationStream {
  const { stream } = context.evidenceOf(context.step.id);
  if (stream !== undefined) return stream as unknown as ReplicationStream;
  const name = streamName(context);
  return {
    name,
    ...streamNames(name),
    tables: [],
    startLsn: null,
    serverPasswordFile: null,
    passwordFileInstalled: true,
  };
}

function ofStream(context: StepContext): ReturnStreamOf {
  return { sides: sidesOf(context), stream: armedStream(context) };
}

export const returnStreamKind = anyStepKind<ReturnStreamArgs>({
  kind: 'return-stream',
  // Arming keeps each part that exists, so it can simply be done again.
  inspect: async () => 'not-done',
  async do(context, args) {
    const { stream, warnings, armedMs } = await armReverse({
      ...sidesOf(context),
      tables: args.tables,
      name: streamName(context),
      noted: context.plan.protectedTables,
      timeoutMs: Math.min(context.timeoutMs, DRAIN_TIMEOUT_MS),
    });
    for (const { seen, cure } of warnings) context.log(`warning: ${seen}; ${cure}`);
    return JSON.parse(JSON.stringify({ stream, warnings, armedMs })) as JsonObject;
  },
  async verify(context) {
    const { verdict, reasons } = await inspectReverse(sidesOf(context), armedStream(context));
    if (verdict === 'open') return { wayBack: 'open' };
    throw new Failed({
      code: 'stream-not-open',
      seen: `the way back is ${verdict}: ${reasons.join('; ')}`,
      expected: 'a stream that runs',
      next: 'the run rolls back: no customer has been let in yet',
    });
  },
  async undo(context, args) {
    const armed = context.evidenceOf(context.step.id).stream !== undefined;
    if (!armed) {
      await removeRemains(context, { ...ofStream(context), drained: false });
      return { carried: null };
    }
    if (context.marks.drained === undefined) {
      const back = await findOrRestoreReturn(context, backupOrigin(context));
      if (back.restored || (await lostStream(context, ofStream(context))))
        await carryWhole(context, args, back);
      else await drainBehindFence(context, args);
    } else await removeRemains(context, { ...ofStream(context), drained: true });
    return context.marks.drained ?? { carried: null };
  },
  async finish(context) {
    const session = { applicationName: applicationName(context) };
    const sides = sidesOf(context);
    const stream = armedStream(context);
    const customers = await customersUntilClosed(context, sides, stream);
    await withClient(sides.return, session, (back) =>
      withClient(sides.live, session, (live) =>
        disarmReverse({ live, return: back }, stream, { timeoutMs: FENCE_TIMEOUT_MS }),
      ),
    );
    return { wayBack: 'closed', customers };
  },
});

async function drainBehindFence(context: StepContext, args: ReturnStreamArgs): Promise<void> {
  const sides = sidesOf(context);
  await drainBack(context, {
    sides,
    stream: armedStream(context),
    mapping: mappingOf(args),
    proven: async () => {
      const returned = await provenReturn(context, sides, args);
      const customers = await countCustomers(context, sides.return);
      return { returned, carried: carriedRows(context, returned, args), customers };
    },
  });
}

async function carryWhole(context: StepContext, args: ReturnStreamArgs, back: ReturnDatabase): Promise<void> {
  const sides = { ...sidesOf(context), return: { ...context.plan.target.database, database: back.name } };
  await carryBehindFence(context, {
    sides,
    stream: armedStream(context),
    tables: args.tables,
    mapping: mappingOf(args),
    restoredOid: back.oid,
    proven: async () => {
      const returned = await provenReturn(context, sides, args);
      const customers = uncountedCustomers(context, COPIED_WHOLE);
      return { returned, carried: carriedRows(context, returned, args), customers };
    },
  });
}

/**
 * Only the stream, the mapping, and a hand that gave orphaned lines a place wrote into the return database: the tables
 * that carried ones refer to may have been touched and are named, every other table is as it was restored.
 */
async function provenReturn(
  context: StepContext,
  sides: ReturnSides,
  args: ReturnStreamArgs,
): Promise<TableFingerprints> {
  const restored = context.evidenceOfKind('backup').fingerprints as unknown as TableFingerprints;
  const now = await fingerprintTables(sides.return, {
    tables: Object.keys(restored),
    applicationName: applicationName(context),
    signal: context.signal,
  });
  const expected = new Set(
    [...args.tables, ...args.mapping.map(({ table }) => String(table))].map(canonicalTableName),
  );
  const keys = await withClient(sides.return, { applicationName: applicationName(context) }, foreignKeys);
  const referredTo = new Set(keys.filter(({ table }) => expected.has(table)).map(({ target }) => target));
  const touched = compareFingerprints(restored, now).filter((table) => !expected.has(table));
  for (const table of touched)
    context.log(`${table} of the return database was changed since the backup, by hand`);
  const foreign = touched.filter((table) => !referredTo.has(table));
  if (foreign.length === 0) return now;
  throw new Failed({
    code: 'return-database-touched',
    seen: `the return database was written to by somebody else: ${foreign.join(', ')}`,
    expected: 'only the stream, the reverse mapping, and rows that carried ones refer to',
    next: 'find out who writes there; nothing was switched',
    fields: { tables: foreign },
  });
}

/** How many rows each carried table has more (or fewer) than in the backup: what came along. */
function carriedRows(context: StepContext, returned: TableFingerprints, args: ReturnStreamArgs): JsonObject {
  const restored = context.evidenceOfKind('backup').fingerprints as unknown as TableFingerprints;
  return Object.fromEntries(
    args.tables.map((table) => {
      const name = canonicalTableName(table);
      return [table, (BigInt(returned[name]?.rows ?? 0) - BigInt(restored[name]?.rows ?? 0)).toString()];
    }),
  );
}
