import { Failed } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { withClient } from '../postgres/connection.ts';
import {
  compareFingerprints,
  fingerprintTables,
  type TableFingerprint,
  type TableFingerprints,
} from '../postgres/fingerprint.ts';
import { unvalidatedForeignKeys } from '../postgres/foreign-keys.ts';
import { canonicalTableName } from '../postgres/table-name.ts';
import { type RowsWritten, rowsWrittenSince, type WriteHorizon } from '../postgres/write-evidence.ts';
import { type StepCommon, type StepSpec, stepSpec } from '../runbook/step-spec.ts';
import { anyStepKind, type StepContext } from './step-kind.ts';
import { applicationName } from './target-databases.ts';

export interface ProveArgs extends JsonObject {
  /** `protected`: the runbook's protected tables; `all`: every table of the backup. */
  readonly tables: 'protected' | 'all';
}

/**
 * Proves that tables hold exactly the rows they held in the backup's snapshot, in every column that they had, and that the
 * foreign keys that touch protected tables hold. With `tables: 'all'` after a rollback: the whole database is as it was.
 *
 * @example proveTables({ tables: 'protected', title: 'IV1: orders unchanged' })
 */
export function proveTables(options: StepCommon & { readonly tables: ProveArgs['tables'] }): StepSpec {
  return stepSpec({
    kind: 'prove-tables',
    defaultId: `prove-${options.tables}-tables`,
    defaultTitle:
      options.tables === 'all' ? 'Prove every table unchanged' : 'Prove the protected tables unchanged',
    effect: 'none',
    common: options,
    args: { tables: options.tables },
  });
}

function baseline(context: StepContext, args: ProveArgs): TableFingerprints {
  const all = context.evidenceOfKind('backup').fingerprints as unknown as TableFingerprints;
  if (args.tables === 'all') return all;
  const wanted = new Set(context.plan.protectedTables.map(canonicalTableName));
  return Object.fromEntries(Object.entries(all).filter(([table]) => wanted.has(table)));
}

export const proveTablesKind = anyStepKind<ProveArgs>({
  kind: 'prove-tables',
  inspect: async () => 'not-done',
  async do(context, args) {
    const before = baseline(context, args);
    const missing =
      args.tables === 'all'
        ? []
        : context.plan.protectedTables.filter((table) => !(canonicalTableName(table) in before));
    if (missing.length > 0) throw unprotected(missing);
    const after = await fingerprintTables(context.plan.target.database, {
      tables: Object.keys(before),
      // A migration may give a protected table a column more; after a rollback nothing is other than it was.
      columnsOf: args.tables === 'all' ? undefined : before,
      applicationName: applicationName(context),
      signal: context.signal,
    });
    const differing = compareFingerprints(before, after);
    if (differing.length > 0) {
      throw new Failed({
        code: 'protected-table-changed',
        seen: differing.map((table) => inWhat(table, before[table], after[table])).join('; '),
        expected: "every row as it was in the backup's snapshot, in every column that it had",
        next: 'the run rolls back; name the rows with `roundtrip compare`',
        fields: { tables: differing },
      });
    }
    const rows = { before: before as unknown as JsonObject, after: after as unknown as JsonObject };
    if (args.tables === 'all') return rows;
    return { ...rows, written: await requireUnwritten(context, Object.keys(before)) };
  },
  async verify(context) {
    const broken = await withClient(
      context.plan.target.database,
      { applicationName: applicationName(context) },
      (client) => unvalidatedForeignKeys(client, { tables: context.plan.protectedTables }),
    );
    if (broken.length === 0) return { foreignKeys: 'valid' };
    throw new Failed({
      code: 'foreign-key-broken',
      seen: `foreign keys with rows that point nowhere, or not validated: ${broken.join(', ')}`,
      expected: 'every foreign key of the protected tables valid',
      next: 'the run rolls back; look at the rows that the constraint names',
      fields: { constraints: broken },
    });
  },
});

/**
 * A row that was changed and put back fails the proof, although its fingerprint is equal. After a rollback a database may
 * be a restored one, all of whose rows are young: only the proof of the migration asks.
 */
async function requireUnwritten(context: StepContext, tables: readonly string[]): Promise<JsonObject> {
  const horizon = context.evidenceOfKind('backup').horizon as unknown as WriteHorizon | undefined;
  if (horizon === undefined) {
    const unknown = 'the backup noted no horizon: it was made by an older version';
    return Object.fromEntries(tables.map((table) => [table, { unknown }]));
  }
  const written = await withClient(
    context.plan.target.database,
    { applicationName: applicationName(context), statementTimeoutMs: context.timeoutMs },
    (client) => rowsWrittenSince(client, { horizon, tables, signal: context.signal }),
  );
  const touched = Object.entries(written).filter(([, count]) => 'rows' in count && count.rows !== '0');
  if (touched.length === 0) return written as unknown as JsonObject;
  await context.mark('written', written as unknown as JsonObject);
  throw new Failed({
    code: 'protected-table-written',
    seen: `rows were written since the backup and hold the same values again: ${touched.map(inWords).join(', ')}`,
    expected: 'no statement that writes to a protected table between the backup and the proof',
    next: 'the run rolls back; look for a statement or a trigger of the migration that updates these tables',
    fields: { written: written as unknown as JsonObject },
  });
}

function inWhat(
  table: string,
  before: TableFingerprint | undefined,
  after: TableFingerprint | undefined,
): string {
  const gone = (before?.columns ?? []).filter((name) => after?.columns.includes(name) !== true);
  const more = (after?.columns ?? []).filter((name) => before?.columns.includes(name) !== true);
  if (gone.length > 0) return `${table} has no column ${gone.join(', ')} any more`;
  if (more.length > 0) return `${table} has a column ${more.join(', ')} that it did not have`;
  return before?.rows === after?.rows
    ? `rows of ${table} differ`
    : `${table} has ${after?.rows} rows instead of ${before?.rows}`;
}

function inWords([table, count]: [string, RowsWritten]): string {
  return `${table} (${'rows' in count ? count.rows : count.unknown})`;
}

function unprotected(tables: readonly string[]): Failed {
  return new Failed({
    code: 'protected-table-missing',
    seen: `no fingerprint of ${tables.join(', ')} in the backup`,
    expected: 'every protected table of the runbook to exist',
    next: 'correct `protectedTables` in the runbook',
  });
}
