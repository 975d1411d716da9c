import { Refused } from '../../errors.ts';
import type { Client } from '../connection.ts';
import { canonicalTableName, sqlTableName } from '../table-name.ts';
import type { ReplicatedTable } from './stream.ts';

interface Column {
  readonly name: string;
  readonly generated: boolean;
}

/**
 * The columns of each table that both sides have, in the publisher's order: the column list of the publication. It is
 * set before the first write, because an additive column on the new side would stop the stream, and changing the list
 * later does not free a stream that is stuck. Generated columns are computed by the subscriber.
 *
 * @throws Refused `table-missing`.
 */
export async function columnsInCommon(
  publisher: Client,
  subscriber: Client,
  tables: readonly string[],
): Promise<ReplicatedTable[]> {
  const common: ReplicatedTable[] = [];
  for (const table of tables.map(canonicalTableName)) {
    const theirs = new Map((await columnsOf(subscriber, table)).map((column) => [column.name, column]));
    const columns = (await columnsOf(publisher, table))
      .filter(({ name, generated }) => !generated && theirs.get(name)?.generated === false)
      .map(({ name }) => name);
    common.push({ table, columns });
  }
  return common;
}

async function columnsOf(client: Client, table: string): Promise<Column[]> {
  const { rows } = await client.query<Column>(
    `SELECT attname AS name, attgenerated <> '' AS generated FROM pg_attribute
     WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [sqlTableName(table)],
  );
  if (rows.length > 0) return rows;
  throw new Refused({
    code: 'table-missing',
    seen: `no table ${table} in ${client.database}`,
    expected: 'every replicated table on both sides',
    next: 'correct the list of protected tables',
  });
}
