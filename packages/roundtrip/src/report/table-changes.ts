import { type RunState, stepState } from '../journal/fold.ts';
import { stepOfKind } from '../journal/table-proof.ts';
import type { JsonObject } from '../json.ts';
import type { CountedChanges, RowChanges } from '../postgres/row-changes.ts';
import type { Plan } from '../runbook/plan.ts';

/**
 * A number of changes as a report has it: counted, or why not; `pending` where it will be counted yet; null where this run
 * has no such number, or did not come to it.
 */
export type ReportedChanges = ChangesSoFar | { readonly unknown: string } | 'pending' | null;

/** Changes that may become more: the way back is open, and this is what it had brought along at the last look. */
export type ChangesSoFar = RowChanges & { readonly soFar?: true };

/** Who changed the rows of a protected table. Never 0 where nothing was measured. */
export interface TableChanges {
  /** Writes by the migration, from the backup or the restore of the copy to the proof or the fence. */
  readonly migration: { readonly rows: string } | { readonly unknown: string } | null;
  /** Customers' changes while the copy was made and migrated; null in place. */
  readonly untilSwitch: ReportedChanges;
  /** Customers' changes since they were let in to the new release: counted by a rollback, or when the way back is closed. */
  readonly sinceLetIn: ReportedChanges;
}

type Counts = Readonly<Record<string, unknown>>;

/**
 * Who changed how many rows of a protected table ("schema.table"), as the steps counted them. Pure.
 *
 * @example tableChanges(plan, state)('public.orders').migration // { rows: '0' }
 */
export function tableChanges(plan: Plan, state: RunState): (table: string) => TableChanges {
  const act = (kind: string) => {
    const step = stepOfKind(plan, kind);
    return step === undefined ? undefined : stepState(state, step.id);
  };
  const switched = act('switch-over');
  const proved = act('prove-tables');
  const carrying = switched ?? act('return-stream');
  const atSwitch = switched?.do.evidence.changes as JsonObject | undefined;
  const refused = switched?.do.marks.written ?? proved?.do.marks.written;
  const inPlace = (proved?.do.evidence.written ?? refused ?? {}) as Counts;
  const since = (carrying?.undo.evidence.customers ?? carrying?.finish.evidence.customers) as
    | Counts
    | undefined;
  const served = carrying?.do.phase === 'verified';
  const over = state.verdict !== undefined && state.verdict !== 'succeeded';
  const unkept = { unknown: 'nothing was kept of it: the copy was made by an older version' };
  const notYet = over ? null : 'pending';
  return (table) => {
    const counted = atSwitch?.[table] as Counts | undefined;
    const beside =
      counted ?? (switched !== undefined && served ? { stream: unkept, others: unkept } : undefined);
    return {
      migration: migrationOf(beside?.others ?? inPlace[table]),
      untilSwitch: switched === undefined ? null : ((beside?.stream as CountedChanges | undefined) ?? notYet),
      sinceLetIn: (since?.[table] as CountedChanges | undefined) ?? (served && !over ? 'pending' : null),
    };
  };
}

/** In place rows are counted by their versions, on the copy by their changes. */
function migrationOf(counted: unknown): TableChanges['migration'] {
  if (counted === undefined) return null;
  const known = counted as CountedChanges | { readonly rows: string };
  if ('unknown' in known || 'rows' in known) return known;
  if (known.emptied > 0) return { unknown: `it was emptied by TRUNCATE (${known.emptied})` };
  return { rows: String(rowsChanged(known)) };
}

/**
 * Changes in all.
 *
 * @example rowsChanged({ inserted: 400, updated: 10, deleted: 2, emptied: 0 }) // 412
 */
export function rowsChanged({ inserted, updated, deleted }: RowChanges): number {
  return inserted + updated + deleted;
}

/**
 * Where the number is still to come, shows what a look at the return database has found so far. The report does without:
 * it says what the journal says.
 *
 * @example withChangesSoFar(tables, light.customers)[0]?.sinceLetIn // { inserted: 3, updated: 0, deleted: 0, emptied: 0, soFar: true }
 */
export function withChangesSoFar<Table extends TableChanges & { readonly table: string }>(
  tables: readonly Table[],
  found: Readonly<Record<string, CountedChanges>> | null | undefined,
): Table[] {
  return tables.map((table) => {
    const count = found?.[table.table.includes('.') ? table.table : `public.${table.table}`];
    if (table.sinceLetIn !== 'pending' || count === undefined) return table;
    return { ...table, sinceLetIn: 'unknown' in count ? count : { ...count, soFar: true } };
  });
}

/** The sum over tables, with the tables that it lacks. */
export interface ChangesInAll {
  readonly migration: { readonly rows: string } | null;
  readonly untilSwitch: ChangesSoFar | 'pending' | null;
  readonly sinceLetIn: ChangesSoFar | 'pending' | null;
  /** Tables of which one of the numbers could not be measured. */
  readonly unmeasured: readonly string[];
}

/**
 * Adds up the tables; what could not be measured is left out and named.
 *
 * @example changesInAll(tables).migration // { rows: '0' }
 */
export function changesInAll(tables: readonly (TableChanges & { readonly table: string })[]): ChangesInAll {
  const measured = tables
    .map(({ migration }) => migration)
    .filter((count) => count !== null && 'rows' in count);
  const sum = measured.reduce((rows, count) => rows + BigInt(count.rows), 0n);
  return {
    migration: measured.length === 0 ? null : { rows: sum.toString() },
    untilSwitch: inAll(tables.map(({ untilSwitch }) => untilSwitch)),
    sinceLetIn: inAll(tables.map(({ sinceLetIn }) => sinceLetIn)),
    unmeasured: tables
      .filter(({ migration, untilSwitch, sinceLetIn }) =>
        [migration, untilSwitch, sinceLetIn].some(isUnknown),
      )
      .map(({ table }) => table),
  };
}

function isUnknown(count: TableChanges['migration'] | ReportedChanges): boolean {
  return count !== null && count !== 'pending' && 'unknown' in count;
}

function inAll(counts: readonly ReportedChanges[]): ChangesSoFar | 'pending' | null {
  const known = counts.filter(
    (count): count is ChangesSoFar => count !== null && count !== 'pending' && !('unknown' in count),
  );
  if (known.length === 0) return counts.includes('pending') ? 'pending' : null;
  const sum = known.reduce<RowChanges>(
    (all, count) => ({
      inserted: all.inserted + count.inserted,
      updated: all.updated + count.updated,
      deleted: all.deleted + count.deleted,
      emptied: all.emptied + count.emptied,
    }),
    { inserted: 0, updated: 0, deleted: 0, emptied: 0 },
  );
  return known.some(({ soFar }) => soFar === true) ? { ...sum, soFar: true } : sum;
}
