import type { ClientBase } from 'pg';

/** Where rows come from and where they go. */
export interface RelayOptions {
  /** A connection in a transaction. */
  readonly source: ClientBase;
  /** A query for the columns of the target, by name. */
  readonly rows: string;
  /** Asked for when there is a row to carry. */
  readonly target: () => Promise<ClientBase>;
  /** A table. */
  readonly into: string;
  /** Its columns with their types, for example `id int8, name text`. */
  readonly columns: string;
}

const BATCH_ROWS = 10_000;

/**
 * Carries rows from a transaction to another session, which can then work with what is not committed yet. By a cursor and
 * ordinary statements: where one of the two connections is lost, the other one is free and its ROLLBACK works. A COPY from
 * one to the other is three times as fast, and leaves the source in the middle of it (with pg-copy-streams 7 it even ends the
 * process when the target is lost).
 *
 * @returns how many rows.
 * @throws DatabaseError of either side.
 * @example await relayRows({ source: client, rows: 'SELECT 1 AS n', target: async () => second, into: 'numbers', columns: 'n int8' });
 */
export async function relayRows({ source, rows, target, into, columns }: RelayOptions): Promise<number> {
  let relayed = 0;
  let taker: ClientBase | undefined;
  await source.query(`DECLARE relayed NO SCROLL CURSOR FOR ${rows}`);
  for (;;) {
    const batch = await source.query<object>(`FETCH ${BATCH_ROWS} FROM relayed`);
    if (batch.rows.length === 0) break;
    taker ??= await target();
    await taker.query(`INSERT INTO ${into} SELECT * FROM json_to_recordset($1) AS r (${columns})`, [
      JSON.stringify(batch.rows),
    ]);
    relayed += batch.rows.length;
  }
  await source.query('CLOSE relayed');
  return relayed;
}
