import { pipeline } from 'node:stream/promises';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { Failed } from '../errors.ts';
import { type Client, rollBack } from './connection.ts';
import type { ReplicatedTable } from './replication/index.ts';
import { quoted, sqlTableName } from './table-name.ts';

/**
 * Makes tables of one database hold exactly the rows that they hold in another, column by name, in one transaction:
 * what is left of the way back when its database is gone and the backup was restored. As long as the tables are large;
 * the stream it stands in for takes milliseconds.
 *
 * Triggers and foreign keys do not fire while it writes (as when changes are replicated): the caller checks the keys.
 *
 * @throws Failed `row-not-taken`, naming row and value; nothing was changed then.
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
      ).catch((error: unknown) => {
        throw notTaken(error, table, to.database ?? '') ?? error;
      });
    }
    await to.query('COMMIT');
  } catch (error) {
    await rollBack(to);
    throw error;
  }
}

/** Data exceptions, and rules that a row breaks: what the old schema does not hold. */
const DOES_NOT_FIT = /^2[23]/;

function notTaken(error: unknown, table: string, database: string): Failed | undefined {
  if (!(error instanceof Error) || !('code' in error) || !DOES_NOT_FIT.test(String(error.code)))
    return undefined;
  const where = 'where' in error && typeof error.where === 'string' ? ` (${error.where})` : '';
  return new Failed({
    code: 'row-not-taken',
    seen: `${table} of ${database} does not take a row: ${error.message}${where}`,
    expected: 'an old schema that holds what was written in the new one',
    next: `nothing was switched and nothing is lost: make room for it in ${database} by hand (ALTER TYPE … ADD VALUE, ALTER TABLE …), then \`roundtrip resume\``,
    fields: { table },
    cause: error,
  });
}
