import { setTimeout as delay } from 'node:timers/promises';
import { Failed } from '../../errors.ts';
import { type Client, connect, type DatabaseAddress } from '../connection.ts';
import { describeTransactions, transactionsWithWrites } from './old-transactions.ts';

/** A slot whose changes begin exactly where a snapshot ends. */
export interface ExportedSlot {
  readonly slot: string;
  /** For `SET TRANSACTION SNAPSHOT` and `pg_dump --snapshot`; good until `release`. */
  readonly snapshot: string;
  /** Changes from here on are not in the snapshot. */
  readonly consistentPoint: string;
  /** Lets the snapshot go; the slot stays. */
  release(): Promise<void>;
}

/**
 * Makes a logical slot from here on, in the database of the session. One that exists is kept: it holds everything
 * since it was made.
 *
 * Making a slot waits for every transaction of the *cluster* that has written, in other databases too.
 *
 * @throws Failed `slot-blocked`, naming those transactions, when they did not end in time; no slot is left then.
 */
export async function createSlot(
  publisher: Client,
  slot: string,
  options: { readonly timeoutMs: number },
): Promise<void> {
  const { rowCount } = await publisher.query('SELECT FROM pg_replication_slots WHERE slot_name = $1', [slot]);
  if (rowCount === 1) return;
  const { rows } = await publisher.query<{ value: string }>(
    `SELECT current_setting('statement_timeout') AS value`,
  );
  await publisher.query(`SET statement_timeout = ${Math.ceil(options.timeoutMs)}`);
  try {
    await publisher.query(`SELECT pg_create_logical_replication_slot($1, 'pgoutput')`, [slot]);
  } catch (cause) {
    if ((cause as { code?: string }).code !== '57014') throw cause;
    throw await blocked(publisher, slot, options.timeoutMs, cause);
  } finally {
    await publisher.query(`SET statement_timeout = '${rows[0]?.value ?? '0'}'`);
  }
}

/**
 * Makes a logical slot and exports the snapshot at its beginning, over a replication connection: a dump in that
 * snapshot and the changes of the slot together are the database, without a gap and without a row twice. The caller
 * releases it; the publisher serves meanwhile.
 *
 * @throws Failed `slot-blocked`.
 */
export async function createExportedSlot(
  publisher: DatabaseAddress,
  slot: string,
  options: { readonly timeoutMs: number },
): Promise<ExportedSlot> {
  const sender = await connect(publisher, { applicationName: 'roundtrip slot', replication: 'database' });
  // statement_timeout does not reach replication commands: the session is ended from outside.
  const observer = await connect(publisher, { applicationName: 'roundtrip slot watch' });
  const pid = (sender as unknown as { readonly processID: number }).processID;
  const ended = new AbortController();
  let timedOut: Failed | undefined;
  const watchdog = (async () => {
    await delay(options.timeoutMs, undefined, { signal: ended.signal });
    timedOut = await blocked(observer, slot, options.timeoutMs, undefined);
    await observer.query('SELECT pg_terminate_backend($1)', [pid]);
  })();
  watchdog.catch(() => undefined); // Ended by us, or the query below fails and says why.
  try {
    const { rows } = await sender.query<{ snapshot_name: string; consistent_point: string }>(
      `CREATE_REPLICATION_SLOT "${slot}" LOGICAL pgoutput (SNAPSHOT 'export')`,
    );
    const [row] = rows;
    return {
      slot,
      snapshot: row?.snapshot_name ?? '',
      consistentPoint: row?.consistent_point ?? '',
      release: () => sender.end(),
    };
  } catch (cause) {
    await sender.end();
    throw timedOut ?? cause;
  } finally {
    ended.abort();
    await watchdog.catch(() => undefined);
    await observer.end();
  }
}

async function blocked(observer: Client, slot: string, timeoutMs: number, cause: unknown): Promise<Failed> {
  const transactions = await transactionsWithWrites(observer);
  return new Failed({
    code: 'slot-blocked',
    seen: `slot ${slot} could not be made within ${timeoutMs} ms: it waits for ${describeTransactions(transactions) || 'a transaction that has ended by now'}`,
    expected: 'every transaction of the cluster that has written to end',
    next: 'end them, then try again; nothing was changed',
    fields: { transactions },
    cause,
  });
}

/**
 * Drops a slot, ending the walsender that uses it. Works from any database of the publisher's cluster; nothing to do
 * is fine.
 *
 * @throws Failed `slot-stays`.
 */
export async function dropSlot(
  publisher: Client,
  slot: string,
  options: { readonly timeoutMs: number },
): Promise<void> {
  const deadline = Date.now() + options.timeoutMs;
  for (;;) {
    const { rows } = await publisher.query<{ pid: number | null }>(
      'SELECT active_pid AS pid FROM pg_replication_slots WHERE slot_name = $1',
      [slot],
    );
    const [found] = rows;
    if (found === undefined) return;
    if (found.pid !== null) await publisher.query('SELECT pg_terminate_backend($1)', [found.pid]);
    try {
      await publisher.query('SELECT pg_drop_replication_slot($1)', [slot]);
      return;
    } catch (cause) {
      const code = (cause as { code?: string }).code;
      // 55006: still in use; 42704: someone else dropped it just now.
      if (code === '42704') return;
      if (code !== '55006' || Date.now() > deadline) throw stays(slot, options.timeoutMs, cause);
      await delay(10);
    }
  }
}

function stays(slot: string, timeoutMs: number, cause: unknown): Failed {
  return new Failed({
    code: 'slot-stays',
    seen: `slot ${slot}: ${(cause as Error).message}`,
    expected: `it dropped within ${timeoutMs} ms`,
    next: 'a slot that stays keeps WAL until the disk is full: drop it with pg_drop_replication_slot',
    cause,
  });
}
