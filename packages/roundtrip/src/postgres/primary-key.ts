import { Refused } from '../errors.ts';
import type { Client } from './connection.ts';
import { sqlTableName } from './table-name.ts';

/** Columns of a primary key in its order, with their types for SQL text. */
export type PrimaryKey = readonly { readonly name: string; readonly type: string }[];

/**
 * The primary key by which rows are named, found again or sampled.
 *
 * @throws Refused `no-primary-key`.
 * @example await primaryKeyOf(client, 'order_items') // [{ name: 'id', type: 'bigint' }]
 */
export async function primaryKeyOf(client: Client, table: string): Promise<PrimaryKey> {
  const { rows } = await client.query<{ name: string; type: string }>(
    `SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type
     FROM pg_index i, unnest(i.indkey) WITH ORDINALITY k(num, n), pg_attribute a
     WHERE i.indrelid = $1::regclass AND i.indisprimary AND a.attrelid = i.indrelid AND a.attnum = k.num
       AND k.n <= i.indnkeyatts ORDER BY k.n`,
    [sqlTableName(table)],
  );
  if (rows.length > 0) return rows;
  throw new Refused({
    code: 'no-primary-key',
    seen: `${table} has no primary key`,
    expected: 'one, by which rows can be named',
    next: `ALTER TABLE ${table} ADD PRIMARY KEY …`,
  });
}
