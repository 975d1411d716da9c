import { listTables, type TableColumns } from '../columns.ts';
import type { Client } from '../connection.ts';
import { compareFingerprints, fingerprintWith, type TableFingerprints } from '../fingerprint.ts';
import type { ReplicatedTable } from './stream.ts';

export interface SidesCompared {
  /** Tables whose replicated columns do not hold the same rows on both sides. */
  readonly differing: readonly string[];
  /** Of the publisher, over the replicated columns. */
  readonly fingerprints: TableFingerprints;
}

/**
 * Fingerprints the replicated columns of both sides and compares: rows that are missing on the subscriber are skipped
 * in silence by replication, so that "no error" proves nothing. Where a column's type differs, texts are compared.
 */
export async function compareSides(
  publishers: readonly Client[],
  subscribers: readonly Client[],
  tables: readonly ReplicatedTable[],
): Promise<SidesCompared> {
  for (const session of [...publishers, ...subscribers]) {
    await session.query('SET search_path = pg_catalog');
    await session.query('SET row_security = off');
  }
  const names = tables.map(({ table }) => table);
  const [publisher, subscriber] = [publishers[0], subscribers[0]];
  if (publisher === undefined || subscriber === undefined) return { differing: names, fingerprints: {} };
  const [ours, theirs] = await Promise.all([listTables(publisher, names), listTables(subscriber, names)]);
  const [left, right] = [restricted(tables, ours, theirs), restricted(tables, theirs, ours)];
  const [a, b] = await Promise.all([fingerprintWith(publishers, left), fingerprintWith(subscribers, right)]);
  return { differing: compareFingerprints(a, b), fingerprints: a };
}

/** The tables with the replicated columns alone, hashed in the same way as on the other side. */
function restricted(
  tables: readonly ReplicatedTable[],
  here: readonly TableColumns[],
  there: readonly TableColumns[],
): TableColumns[] {
  const other = new Map(there.map((table) => [table.table, table]));
  return here.map((table) => ({
    ...table,
    columns: (tables.find((wanted) => wanted.table === table.table)?.columns ?? []).map((name) => {
      const sides = [table, other.get(table.table)].map((side) =>
        side?.columns.find((column) => column.name === name),
      );
      return { name, hashed: sides.every((side) => side?.hashed === 'binary') ? 'binary' : 'text' };
    }),
  }));
}
