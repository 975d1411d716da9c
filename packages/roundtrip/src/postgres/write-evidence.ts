import type { Client } from './connection.ts';
import { identify } from './identity.ts';
import { canonicalTableName } from './table-name.ts';

/** A point in the life of a cluster, such that any row version can be told to be older or younger. */
export interface WriteHorizon {
  readonly systemIdentifier: string;
  readonly databaseOid: string;
  /** The first transaction that had not begun, as `xid8` text (it never wraps). */
  readonly nextTransaction: string;
  /** Transactions that were under way, as `xid8` text: what they wrote became visible later. */
  readonly underWay: readonly string[];
  /** Per "schema.table" its identity and its storage: "oid/filenode", of its leaves where it is partitioned. */
  readonly storage: Readonly<Record<string, string>>;
}

/** How many rows of a table are there in a version younger than a horizon: measured, or why that cannot be said. */
export type RowsWritten = { readonly rows: string } | { readonly unknown: string };

/**
 * Reads the horizon of now, with the storage of every table outside the system schemas. A transaction that has an id
 * and only read counts as under way; that errs towards seeing a write.
 *
 * @example const horizon = await withClient(address, session, writeHorizon)
 */
export async function writeHorizon(client: Client): Promise<WriteHorizon> {
  const { systemIdentifier, databaseOid } = await identify(client);
  const { rows } = await client.query<{ next: string; under: string[] }>(
    `SELECT pg_snapshot_xmax(s)::text AS next, ARRAY(SELECT pg_snapshot_xip(s)::text) AS under
     FROM pg_current_snapshot() AS s`,
  );
  const [row] = rows;
  if (row === undefined) throw new Error('pg_current_snapshot() returned no row');
  return {
    systemIdentifier,
    databaseOid,
    nextTransaction: row.next,
    underWay: row.under,
    storage: Object.fromEntries((await readStorage(client)).map(({ table, storage }) => [table, storage])),
  };
}

/**
 * Counts per table the rows whose present version was written after the horizon, by the transaction that wrote it
 * (`xmin`). An update that is taken back later leaves equal fingerprints and still a younger version: this sees it.
 * It is exact, durable across a crash, and needs no setting; freezing keeps `xmin` (PostgreSQL 9.4 on).
 *
 * What it cannot see: a row that was inserted and is gone again; a row that is missing (its fingerprint shows that).
 * A table in another database, created anew, or with new storage and young rows (a rewriting ALTER TABLE, TRUNCATE)
 * is `unknown`, never 0. After 2^32 transactions an ancient row could be taken for a young one: the safe side.
 *
 * @example (await rowsWrittenSince(client, { horizon, tables: ['orders'] }))['public.orders'] // { rows: '0' }
 */
export async function rowsWrittenSince(
  client: Client,
  options: {
    readonly horizon: WriteHorizon;
    readonly tables: readonly string[];
    readonly signal?: AbortSignal | undefined;
  },
): Promise<Readonly<Record<string, RowsWritten>>> {
  const { horizon, signal } = options;
  const tables = options.tables.map(canonicalTableName);
  const here = await identify(client);
  if (here.systemIdentifier !== horizon.systemIdentifier || here.databaseOid !== horizon.databaseOid) {
    const unknown = 'the horizon was taken in another database';
    return Object.fromEntries(tables.map((table) => [table, { unknown }]));
  }
  // Row security would leave rows out in silence: an error instead.
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL row_security = off');
  const present = new Map((await readStorage(client)).map((entry) => [entry.table, entry]));
  const written: Record<string, RowsWritten> = {};
  for (const table of tables) {
    signal?.throwIfAborted();
    const now = present.get(table);
    const then = horizon.storage[table];
    if (now === undefined || then === undefined) written[table] = { unknown: 'the table was not there' };
    else written[table] = judge(then, now.storage, await countYounger(client, now.leaves, horizon));
  }
  await client.query('COMMIT');
  return written;
}

/** Rows that kept their version in new storage (VACUUM FULL) were not written; young rows there may be the rewrite's. */
function judge(then: string, now: string, younger: bigint): RowsWritten {
  const identities = (storage: string): string => storage.replaceAll(/\/\d+/g, '');
  if (identities(then) !== identities(now)) return { unknown: 'the table was created anew' };
  if (then !== now && younger > 0n)
    return { unknown: 'the table was rewritten or emptied: its rows are all of that transaction' };
  return { rows: younger.toString() };
}

async function countYounger(
  client: Client,
  leaves: readonly string[],
  horizon: WriteHorizon,
): Promise<bigint> {
  const parameters = [short(horizon.nextTransaction), horizon.underWay.map(short)];
  let count = 0n;
  for (const leaf of leaves) {
    // `age` compares round the 32-bit circle; both ages are of one moment. Bootstrap and frozen ids are of any age.
    const { rows } = await client.query<{ younger: string }>(
      `SELECT count(*) FILTER (WHERE (age(xmin) >= 0 AND age(xmin) <= age($1::xid)) OR xmin = ANY ($2::xid[]))::text
                AS younger
       FROM ONLY ${leaf}`,
      parameters,
    );
    count += BigInt(rows[0]?.younger ?? 0);
  }
  return count;
}

/** A row header holds the lower 32 bits. */
function short(transaction: string): string {
  return (BigInt(transaction) % (1n << 32n)).toString();
}

interface Storage {
  readonly table: string;
  readonly storage: string;
  /** For SQL text, quoted. */
  readonly leaves: readonly string[];
}

async function readStorage(client: Client): Promise<Storage[]> {
  const { rows } = await client.query<{ table: string; storage: string; leaves: string[] }>(
    `SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS table,
            coalesce(string_agg(l.oid || '/' || pg_relation_filenode(l.oid), ' ' ORDER BY l.oid), '') AS storage,
            coalesce(array_agg(quote_ident(ln.nspname) || '.' || quote_ident(l.relname) ORDER BY l.oid)
                       FILTER (WHERE l.oid IS NOT NULL), '{}') AS leaves
     FROM pg_class c
     JOIN pg_namespace n ON n.oid = c.relnamespace
     LEFT JOIN LATERAL (SELECT c.oid AS leaf WHERE c.relkind = 'r'
                        UNION ALL SELECT relid FROM pg_partition_tree(c.oid) WHERE isleaf AND c.relkind = 'p') AS parts
       ON true
     LEFT JOIN pg_class l ON l.oid = parts.leaf AND l.relkind = 'r'
     LEFT JOIN pg_namespace ln ON ln.oid = l.relnamespace
     WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
       AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'
     GROUP BY n.nspname, c.relname`,
  );
  return rows.map(({ table, ...rest }) => ({ table: canonicalTableName(table), ...rest }));
}
