import { pipeline } from 'node:stream/promises';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import type { Client } from './connection.ts';
import type { ReplicatedTable } from './replication/index.ts';
import { quoted, sqlTableName } from './table-name.ts';

/**
 * Makes tables of one database hold exactly the rows that they hold in another, column by name, in one transaction:
 * what is left of the way back when its database is gone and the backup was restored. As long as the tables are large;
 * the stream it stands in for takes milliseconds.
 *
 * Triggers and foreign keys do not fire while it writes (as when changes are replicated): the caller checks the keys.
 *
 * @example await carryTables({ from: live, to: restored, tables: await columnsInCommon(live, restored, ['public.orders']) })
 */
export async function carryTables(options: {
  readonly from: Client;
  readonly to: Client;
  readonly tables: readonly ReplicatedTable[];
}): Promise<void> {
  const { from, to, tables } = options;
  await to.query('BEGIN');
  try {
    await to.query('SET LOCAL session_replication_role = replica');
    for (const { table, columns } of tables) {
      const list = columns.map(quoted).join(', ');
      await to.query(`DELETE FROM ${sqlTableName(table)}`);
      await pipeline(
        from.query(copyTo(`COPY (SELECT ${list} FROM ${sqlTableName(table)}) TO STDOUT`)),
        to.query(copyFrom(`COPY ${sqlTableName(table)} (${list}) FROM STDIN`)),
      );
    }
    await to.query('COMMIT');
  } catch (error) {
    await to.query('ROLLBACK');
    throw error;
  }
}
