import { Failed } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { type Client, type DatabaseAddress, withClient } from '../postgres/connection.ts';
import { openDatabase } from '../postgres/fence.ts';
import { fingerprintTables, type TableFingerprints } from '../postgres/fingerprint.ts';
import { readManifest } from '../postgres/manifest.ts';
import {
  type CopyBegun,
  disarmReverse,
  endAppliedChanges,
  inspectReverse,
  pauseSubscription,
  type ReplicationStream,
  resumeSwitch,
  type SwitchToCopyOptions,
  switchToCopy,
} from '../postgres/replication/index.ts';
import { databaseOid, switchNames } from '../postgres/switch.ts';
import { canonicalTableName } from '../postgres/table-name.ts';
import { type Duration, durationMs } from '../runbook/duration.ts';
import { type StepCommon, type StepSpec, stepSpec } from '../runbook/step-spec.ts';
import type { Traffic } from '../services/traffic.ts';
import { carryBehindFence } from './carry-behind-fence.ts';
import { type ClientsGate, clientsGate } from './clients-gate.ts';
import { copyBegun, copyDirectory, copySite } from './copy-beside.ts';
import {
  countAtSwitch,
  countCustomers,
  customersBroughtBack,
  customersUntilClosed,
  noteRefused,
  refuseWrittenAtSwitch,
} from './count-changes.ts';
import {
  DRAIN_TIMEOUT_MS,
  drainBack,
  FENCE_TIMEOUT_MS,
  mapLatecomers,
  mappingOf,
  type ReturnSides,
  type ReverseMapping,
  removeRemains,
} from './drain-back.ts';
import { lostStream } from './lost-stream.ts';
import { reopenLive } from './reopen-live.ts';
import { findOrRestoreReturn } from './restored-return.ts';
import { anyStepKind, type StepContext } from './step-kind.ts';
import {
  adminAddress,
  applicationName,
  retiredDatabaseName,
  returnDatabaseName,
} from './target-databases.ts';

export interface SwitchOverArgs extends JsonObject {
  readonly mapping: readonly JsonObject[];
  readonly fenceMs: number;
  readonly compareBehindFence: boolean;
  /** A `Traffic`. */
  readonly traffic?: JsonObject | undefined;
}

/**
 * Lets the copy serve: both sides are compared at one point while customers write; then writers wait for a moment, the last
 * changes are drained, the sequences carried, the names exchanged. The old database becomes the return database, and
 * from the first write on what customers write flows back into it. Its undo is the same switch the other way: no
 * acknowledged write is lost in either. A failure before the names are exchanged lets the old database serve again.
 *
 * `mapping` gives rows that the old schema cannot hold a place there. `fence` is how long writers may wait at most.
 * `compareBehindFence` compares every row once more while they wait: complete, and seconds long for millions of rows;
 * without it rows that come after the comparison are trusted to the stream. `traffic` is what can make clients wait
 * instead of turning them away: PgBouncer, or commands of a load balancer.
 *
 * @example switchOver({ mapping: [{ table: 'products', sql: 'INSERT …' }], fence: '5s' })
 * @example switchOver({ traffic: { kind: 'pgbouncer', pooled: 'shop', host: '127.0.0.1', port: 6432, user: 'ops', iniFile } })
 */
export function switchOver(
  options: StepCommon & {
    readonly mapping?: readonly ReverseMapping[] | undefined;
    readonly fence?: Duration | undefined;
    readonly compareBehindFence?: boolean | undefined;
    readonly traffic?: Traffic | undefined;
  } = {},
): StepSpec {
  return stepSpec({
    kind: 'switch-over',
    defaultId: 'switch-over',
    defaultTitle: 'Switch to the copy',
    effect: 'reversible',
    common: options,
    args: {
      mapping: (options.mapping ?? []).map((statement) => ({ ...statement })),
      fenceMs: durationMs(options.fence ?? '10s'),
      compareBehindFence: options.compareBehindFence ?? false,
      traffic: options.traffic === undefined ? undefined : { ...options.traffic },
    },
  });
}

/** What `do` leaves, as far as others read it. */
interface SwitchEvidence {
  readonly stream: ReplicationStream;
  /** Rows of both sides at the comparison; absent after a resumed switch, which compared before it died. */
  readonly compared?: TableFingerprints | undefined;
  readonly changes?: JsonObject | undefined;
}

function evidence(context: StepContext): Partial<SwitchEvidence> {
  return context.evidenceOf(context.step.id) as Partial<SwitchEvidence>;
}

function requireCopy(context: StepContext): CopyBegun {
  const begun = copyBegun(context);
  if (begun !== undefined) return begun;
  throw new Failed({
    code: 'no-copy-beside',
    seen: 'no copy beside the database that serves',
    expected: 'a step `copyBeside` before `switchOver`',
    next: 'correct the runbook; production was not changed',
  });
}

function switchOptions(context: StepContext, args: SwitchOverArgs): SwitchToCopyOptions {
  return {
    ...copySite(context),
    begun: requireCopy(context),
    returnDatabase: returnDatabaseName(context),
    reverseName: `roundtrip_back_${context.runId.slice(-4)}`,
    described: readManifest(copyDirectory(context.runDirectory)).description,
    compareBehindFence: args.compareBehindFence,
    noted: context.plan.protectedTables,
    fenceTimeoutMs: args.fenceMs,
    timeoutMs: Math.min(context.timeoutMs, DRAIN_TIMEOUT_MS),
    say: context.log,
    journal: async (mark, reverse) =>
      context.mark(mark, JSON.parse(JSON.stringify(reverse === undefined ? {} : { reverse })) as JsonObject),
  };
}

function gateOf(context: StepContext, { traffic, fenceMs }: SwitchOverArgs): ClientsGate {
  return clientsGate(context, { traffic: traffic as unknown as Traffic | undefined, fenceMs });
}

function sidesOf(context: StepContext): ReturnSides {
  const { database } = context.plan.target;
  return { live: database, return: { ...database, database: returnDatabaseName(context) } };
}

type Marks = StepContext['marks'];

/** Settles a switch whose process died; undefined where the old database serves. */
async function settled(
  context: StepContext,
  args: SwitchOverArgs,
  marks: Marks,
): Promise<ReplicationStream | undefined> {
  if (marks.fencing === undefined) return undefined;
  const noted = marks.fenced?.reverse as unknown as ReplicationStream | undefined;
  const found = await resumeSwitch(switchOptions(context, args), noted);
  context.log(`the interrupted switch was settled: the ${found.serving} database serves`);
  return found.serving === 'new' ? found.reverse : undefined;
}

function ids(context: StepContext): JsonObject {
  const { sourceOid, copyOid } = requireCopy(context);
  return { returnOid: sourceOid, liveOid: copyOid, returnDatabase: returnDatabaseName(context) };
}

export const switchOverKind = anyStepKind<SwitchOverArgs>({
  kind: 'switch-over',
  // `do` looks at what an interrupted attempt left, and goes on from there.
  inspect: async () => 'not-done',
  async do(context, args) {
    const stream = await gateOf(context, args).letGoAfter(() => settled(context, args, context.marks));
    if (stream !== undefined) {
      const changes = await countAtSwitch(context, requireCopy(context), stream);
      return asJson({ ...ids(context), stream, changes, resumed: true });
    }
    const gate = gateOf(context, args);
    const options = switchOptions(context, args);
    const switched = await gate.letGoAfter(() =>
      switchToCopy({
        ...options,
        journal: async (mark, reverse) => {
          if (mark === 'fencing') await gate.hold();
          await options.journal(mark, reverse);
        },
        onOpened: gate.release,
      }).catch((error: unknown) => noteRefused(context, error)),
    );
    const { phases, drained, sequences, reverse, compared } = switched;
    const gapMs = gate.heldMs() ?? switched.gapMs;
    context.log(`writers waited ${Math.round(gapMs)} ms`);
    const changes = await countAtSwitch(context, options.begun, reverse);
    return asJson({
      ...ids(context),
      stream: reverse,
      gapMs: Math.round(gapMs),
      phases,
      drained,
      sequences,
      compared: compared.fingerprints,
      changes,
      lockedMs: Math.round(compared.lockedMs),
    });
  },
  async verify(context) {
    const { stream, changes } = evidence(context);
    refuseWrittenAtSwitch(changes);
    const { copyOid } = requireCopy(context);
    const { live } = sidesOf(context);
    const serving = await onAdmin(context, (client) => databaseOid(client, live.database));
    const health = stream === undefined ? undefined : await inspectReverse(sidesOf(context), stream);
    if (serving === copyOid && health?.verdict === 'open') return { wayBack: 'open', serving };
    throw new Failed({
      code: 'switch-unproven',
      seen: `${live.database} is database ${serving ?? 'none'}, the way back is ${health?.verdict ?? 'unknown'}: ${health?.reasons.join('; ') ?? ''}`,
      expected: `database ${copyOid} to serve, with a stream that runs`,
      next: 'the run rolls back: what customers wrote comes along',
    });
  },
  async undo(context, args) {
    const begun = copyBegun(context);
    if (begun === undefined) return { switched: false };
    const gate = gateOf(context, args);
    return gate.letGoAfter(() => goBack(context, args, begun, gate));
  },
  async finish(context) {
    const { stream } = evidence(context);
    if (stream === undefined) return { wayBack: 'closed' };
    const session = { applicationName: applicationName(context) };
    const sides = sidesOf(context);
    const customers = await customersUntilClosed(context, sides, stream);
    await withClient(sides.return, session, (back) =>
      withClient(sides.live, session, (live) =>
        disarmReverse({ live, return: back }, stream, { timeoutMs: FENCE_TIMEOUT_MS }),
      ),
    );
    return { wayBack: 'closed', kept: sides.return.database, customers };
  },
});

async function goBack(
  context: StepContext,
  args: SwitchOverArgs,
  begun: CopyBegun,
  gate: ClientsGate,
): Promise<JsonObject> {
  let switched: JsonObject = {};
  const exchange = async (admin: Client): Promise<void> => {
    switched = await switchBack(context, begun, { gate, admin });
  };
  if (context.marks.drained === undefined) {
    const stream = evidence(context).stream ?? (await settled(context, args, context.marksOfDo));
    if (stream === undefined) return { switched: false };
    await drain(context, args, stream, { gate, exchange });
  } else {
    await pauseAgain(context);
    await onAdmin(context, exchange);
  }
  const { live } = sidesOf(context);
  // Customers are served again; the return database has the live name by now.
  const returned = { sides: { live, return: live }, stream: drainedStream(context) };
  const customers = await customersBroughtBack(context, live);
  await removeRemains(context, { ...returned, drained: true });
  await mapLatecomers(context, { ...returned, mapping: mappingOf(args) });
  return { ...(context.marks.drained ?? {}), ...switched, customers };
}

function drainedStream(context: StepContext): ReplicationStream {
  return context.marks.drained?.stream as unknown as ReplicationStream;
}

/** Killed between the drain and the exchange: the stream may not have been paused, the return database may be closed. */
async function pauseAgain(context: StepContext): Promise<void> {
  // Restored from the backup: it never had a stream, and was never closed.
  if (context.marks.drained?.restoredOid !== undefined) return;
  const { return: back } = sidesOf(context);
  const there = await onAdmin(context, async (client) => {
    if ((await databaseOid(client, back.database)) === undefined) return false;
    await openDatabase(client, back.database);
    return true;
  });
  if (!there) return;
  const { subscription } = drainedStream(context);
  await withClient(back, { applicationName: applicationName(context) }, async (client) => {
    await pauseSubscription(client, subscription, { timeoutMs: FENCE_TIMEOUT_MS });
    await endAppliedChanges(client);
  });
}

async function drain(
  context: StepContext,
  args: SwitchOverArgs,
  stream: ReplicationStream,
  { gate, exchange }: { readonly gate: ClientsGate; readonly exchange: (admin: Client) => Promise<void> },
): Promise<void> {
  const back = await findOrRestoreReturn(context, {
    returnOid: requireCopy(context).sourceOid,
    returnDatabase: returnDatabaseName(context),
    directory: copyDirectory(context.runDirectory),
  });
  const { live } = sidesOf(context);
  const sides = { live, return: { ...live, database: back.name } };
  const copiesWhole = back.restored || (await lostStream(context, { sides, stream }));
  const shared = { hold: gate.hold, exchange, sides, mapping: mappingOf(args) };
  const facts = (fingerprints: TableFingerprints) => ({
    stream,
    fingerprints,
    carried: carriedRows(evidence(context).compared, fingerprints),
  });
  const draining = copiesWhole
    ? carryBehindFence(context, {
        ...shared,
        restoredOid: back.oid,
        stream,
        tables: stream.tables.map(({ table }) => table),
        proven: async () => facts(await fingerprintsOf(context, sides.return, stream)),
      })
    : drainBack(context, {
        ...shared,
        stream,
        compareFirst: !args.compareBehindFence,
        proven: async ({ fingerprints }) => ({
          ...facts(fingerprints),
          // Removed with the stream, there; otherwise counted when customers are served again.
          ...(args.compareBehindFence ? { customers: await countCustomers(context, sides.return) } : {}),
        }),
      });
  await draining.catch(async (error: unknown) => {
    // Nothing was switched: the new database goes on serving while someone looks.
    if (context.marks.drained === undefined) await reopenLive(context);
    throw error;
  });
}

function fingerprintsOf(
  context: StepContext,
  address: DatabaseAddress,
  stream: ReplicationStream,
): Promise<TableFingerprints> {
  return fingerprintTables(address, {
    tables: stream.tables.map(({ table }) => table),
    applicationName: applicationName(context),
    signal: context.signal,
  });
}

/** Gives the old database its name back. Writers waited from the closed door of the drain to here. */
async function switchBack(
  context: StepContext,
  begun: CopyBegun,
  { gate, admin }: { readonly gate: ClientsGate; readonly admin: Client },
): Promise<JsonObject> {
  const exchange = {
    liveName: context.plan.target.database.database,
    liveOid: begun.copyOid,
    nextOid: String(context.marks.drained?.restoredOid ?? begun.sourceOid),
    retiredName: retiredDatabaseName(context),
  };
  await switchNames(admin, {
    ...exchange,
    timeoutMs: context.timeoutMs,
    journal: async (mark) => context.mark(mark, { ...exchange }),
    onOpened: gate.release,
  });
  const fencedAtMs = Number(context.marks.drained?.fencedAtMs);
  return { ...exchange, switched: true, gapMs: context.now().getTime() - fencedAtMs };
}

/** Rows more than at the switch, a table; rows of tables that were only changed are not seen here. */
function carriedRows(before: TableFingerprints | undefined, after: TableFingerprints): JsonObject {
  if (before === undefined) return {};
  return Object.fromEntries(
    Object.entries(after).map(([table, { rows }]) => [
      table,
      (BigInt(rows) - BigInt(before[canonicalTableName(table)]?.rows ?? 0)).toString(),
    ]),
  );
}

function onAdmin<T>(context: StepContext, work: Parameters<typeof withClient<T>>[2]): Promise<T> {
  return withClient(adminAddress(context.plan.target), { applicationName: applicationName(context) }, work);
}

function asJson(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}
