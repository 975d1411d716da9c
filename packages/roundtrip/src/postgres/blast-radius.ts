import type { Client } from './connection.ts';
import { type ForeignKey, foreignKeys } from './foreign-keys.ts';

/** What a delete would do to the rows of one table. */
export type BlastEffect = 'deleted' | 'nulled' | 'orphaned';

export interface BlastRow {
  /** "schema.table", quoted where it needs to be. */
  readonly table: string;
  readonly effect: BlastEffect;
  readonly rows: string;
  /** The foreign keys from the deleted table to here. */
  readonly path: readonly string[];
}

export interface BlastRadius {
  readonly deleteFrom: string;
  readonly tables: readonly BlastRow[];
  /** Those of `tables` that are protected. */
  readonly protected: readonly BlastRow[];
}

/** Longest chain of cascades that is followed; a cycle of foreign keys ends here at the latest. */
const DEPTH_MAX = 12;

/**
 * The rows of other tables that `DELETE FROM table [WHERE …]` would reach through foreign keys, counted, nothing
 * deleted. A key without ON DELETE (or with RESTRICT) would refuse the delete, or, where an application's ORM
 * cascades in code, lose the rows: they count as `orphaned`, which is no better for whoever owns them.
 *
 * @example (await blastRadius(client, { deleteFrom: 'products', protectedTables: ['order_items'] })).protected
 */
export async function blastRadius(
  client: Client,
  options: {
    readonly deleteFrom: string;
    readonly where?: string | undefined;
    readonly protectedTables: readonly string[];
  },
): Promise<BlastRadius> {
  const keys = await foreignKeys(client);
  const start = await qualifiedName(client, options.deleteFrom);
  const tables: BlastRow[] = [];
  const condition = options.where === undefined ? 'true' : `(${options.where})`;
  await follow({
    client,
    keys,
    tables,
    table: start,
    doomed: `SELECT * FROM ${start} WHERE ${condition}`,
    path: [],
  });
  const wanted = new Set(
    options.protectedTables.map((table) => (table.includes('.') ? table : `public.${table}`)),
  );
  return { deleteFrom: start, tables, protected: tables.filter((row) => wanted.has(row.table)) };
}

interface Walk {
  readonly client: Client;
  readonly keys: readonly ForeignKey[];
  readonly tables: BlastRow[];
  readonly table: string;
  /** A query for the rows of `table` that would be deleted. */
  readonly doomed: string;
  readonly path: readonly string[];
}

async function follow(walk: Walk): Promise<void> {
  const { client, keys, tables, table, doomed, path } = walk;
  for (const key of keys) {
    // A key within the table itself reaches rows that are deleted anyway, or that the cascade would find again.
    if (key.target !== table || (key.table === table && key.onDelete !== 'c') || path.includes(key.name))
      continue;
    const match = key.columns
      .map((column, index) => `c.${column} = d.${key.targetColumns[index]}`)
      .join(' AND ');
    const reached = `SELECT c.* FROM ${key.table} c WHERE EXISTS (SELECT FROM (${doomed}) d WHERE ${match})`;
    const { rows } = await client.query<{ count: string }>(
      `SELECT count(*)::text AS count FROM (${reached}) r`,
    );
    const count = rows[0]?.count ?? '0';
    const chain = [...path, key.name];
    if (key.table !== table)
      tables.push({ table: key.table, effect: effectOf(key), rows: count, path: chain });
    // An orphaned row is followed like a deleted one: that is what an ORM's cascade in code would do.
    const spreads = key.onDelete !== 'n' && key.onDelete !== 'd';
    if (spreads && count !== '0' && chain.length < DEPTH_MAX)
      await follow({ ...walk, table: key.table, doomed: reached, path: chain });
  }
}

function effectOf(key: ForeignKey): BlastEffect {
  if (key.onDelete === 'c') return 'deleted';
  return key.onDelete === 'n' || key.onDelete === 'd' ? 'nulled' : 'orphaned';
}

async function qualifiedName(client: Client, table: string): Promise<string> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1::regclass`,
    [table],
  );
  return rows[0]?.name ?? table;
}
