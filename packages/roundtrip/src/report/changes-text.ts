import {
  type ChangesInAll,
  changesInAll,
  type ReportedChanges,
  rowsChanged,
  type TableChanges,
} from './table-changes.ts';

/**
 * Who changed a table, in one sentence.
 *
 * @example changesText({ migration: { rows: '0' }, untilSwitch: null, sinceLetIn: changes }) // "the migration changed 0 rows; customers changed 412"
 */
export function changesText(changes: TableChanges): string {
  return `${migrationText(changes.migration)}; ${customersText(changes)}`;
}

/**
 * The same of all tables together; those that could not be measured are named.
 *
 * @example changesOfAllText(summary.protectedTables) // "the migration changed 0 rows; customers changed 412"
 */
export function changesOfAllText(tables: readonly (TableChanges & { readonly table: string })[]): string {
  const all: ChangesInAll = changesInAll(tables);
  const lacking =
    all.unmeasured.length === 0 ? '' : ` (not all was measured of ${all.unmeasured.join(', ')})`;
  return `${changesText(all)}${lacking}`;
}

function migrationText(migration: TableChanges['migration']): string {
  if (migration === null) return 'what the migration changed was not measured, the run did not come to it';
  if ('unknown' in migration)
    return `what the migration changed was not measured because ${migration.unknown}`;
  return `the migration changed ${migration.rows} ${migration.rows === '1' ? 'row' : 'rows'}`;
}

function customersText({
  untilSwitch,
  sinceLetIn,
}: Pick<TableChanges, 'untilSwitch' | 'sinceLetIn'>): string {
  if (untilSwitch === null && sinceLetIn === null)
    return 'what customers changed was not measured, the run did not come to it';
  if (untilSwitch === null)
    return isNumber(sinceLetIn)
      ? `customers changed ${countText(sinceLetIn)}`
      : `customers: ${countText(sinceLetIn)}`;
  const until = isNumber(untilSwitch)
    ? `customers changed ${countText(untilSwitch)} until the switch`
    : `customers until the switch: ${untilSwitch === 'pending' ? 'counted there' : countText(untilSwitch)}`;
  if (sinceLetIn === null) return until;
  return `${until}, ${isNumber(sinceLetIn) ? `${countText(sinceLetIn)} after it` : `after it: ${countText(sinceLetIn)}`}`;
}

function isNumber(count: ReportedChanges): boolean {
  return count !== null && count !== 'pending' && !('unknown' in count);
}

/**
 * A number of changes, or why there is none.
 *
 * @example countText({ inserted: 400, updated: 10, deleted: 2, emptied: 0 }) // "412 (400 inserted, 10 updated, 2 deleted)"
 */
export function countText(count: ReportedChanges): string {
  if (count === null) return '–';
  if (count === 'pending') return 'counted when the way back is used or closed';
  if ('unknown' in count) return `not measured because ${count.unknown}`;
  const kinds = (['inserted', 'updated', 'deleted'] as const)
    .filter((kind) => count[kind] > 0)
    .map((kind) => `${count[kind]} ${kind}`);
  if (count.emptied > 0) kinds.push(`emptied by TRUNCATE ${count.emptied} times`);
  return `${rowsChanged(count)}${count.soFar === true ? ' so far' : ''}${kinds.length === 0 ? '' : ` (${kinds.join(', ')})`}`;
}
