import { Ambiguous, Failed } from '../errors.ts';
import { sealRecord } from '../journal/chain.ts';
import type { JournalStore } from '../journal/journal-file.ts';
import type { JournalBody, JournalRecord } from '../journal/record.ts';
import type { Client } from '../postgres/connection.ts';
import { lostSession } from '../postgres/lost-session.ts';
import type { ControlSession } from './control-session.ts';
import { readHolder } from './lock-holder.ts';
import { toldHolder } from './operator-lock.ts';

const UNIQUE_VIOLATION = '23505';

/**
 * The journal of one run in a control store. Records are appended one after the other, in the order of the calls.
 *
 * An append whose session broke is looked up by its hash on the next session before it is tried again: its COMMIT may have
 * been carried out and the answer lost. After an append that failed there is no other: what the store has is not known.
 *
 * @example const journal = postgresJournal({ session, runId, records: [], now: () => new Date(), onKept: () => undefined });
 */
export function postgresJournal(options: {
  readonly session: ControlSession;
  readonly runId: string;
  /** What the store has of the run. */
  readonly records: readonly JournalRecord[];
  readonly now: () => Date;
  /** Told each line that is durable. */
  readonly onKept: (line: string) => void;
}): JournalStore {
  const { session, runId, now, onKept } = options;
  const records = [...options.records];
  const write = async (body: JournalBody): Promise<JournalRecord> => {
    const record = sealRecord({ last: records.at(-1), at: now().toISOString(), body });
    const line = JSON.stringify(record);
    await session.use((client, isRepeated) => insert(client, { runId, record, line, isRepeated }));
    onKept(line);
    records.push(record);
    return record;
  };
  let last: Promise<unknown> = Promise.resolve();
  return {
    records,
    append(body) {
      // A failure stays: whatever comes after it fails with it.
      const appended = last.then(() => write(body));
      last = appended;
      return appended;
    },
    close: async () => {
      await last.catch(() => undefined);
    },
  };
}

async function insert(
  client: Client,
  append: {
    readonly runId: string;
    readonly record: JournalRecord;
    readonly line: string;
    readonly isRepeated: boolean;
  },
): Promise<void> {
  const { runId, record, line, isRepeated } = append;
  const isKept = async (): Promise<boolean> => {
    const { rows } = await client.query<{ hash: string }>(
      'SELECT hash FROM roundtrip_control.records WHERE run = $1 AND n = $2',
      [runId, record.n],
    );
    if (rows[0] === undefined || rows[0].hash === record.hash) return rows[0] !== undefined;
    throw await contended(client, runId, record.n);
  };
  if (isRepeated && (await isKept())) return;
  try {
    await client.query('INSERT INTO roundtrip_control.records (run, n, hash, line) VALUES ($1, $2, $3, $4)', [
      runId,
      record.n,
      record.hash,
      line,
    ]);
  } catch (error) {
    if (lostSession(error) !== undefined) throw error;
    // Ours, where the session of the first attempt was still at work on it; else somebody else's.
    if ((error as { code?: string }).code !== UNIQUE_VIOLATION) throw notTaken(runId, record.n, error);
    await isKept();
  }
}

async function contended(client: Client, runId: string, n: number): Promise<Ambiguous> {
  const found = await readHolder(client);
  return new Ambiguous({
    code: 'journal-contended',
    seen: `record ${n} of run ${runId} was written by somebody else; the lock is held by ${toldHolder(found?.holder)}`,
    expected: 'one operator at a time',
    next: 'talk to them; when nobody operates any more, `roundtrip resume` goes on from what the journal says by then',
    fields: { n, holder: found?.holder },
  });
}

function notTaken(runId: string, n: number, cause: unknown): Failed {
  return new Failed({
    code: 'journal-unwritable',
    seen: `the control store did not take record ${n} of run ${runId}: ${(cause as Error).message}`,
    expected: 'every record in the store before the effect that it announces',
    next: 'cure that (a full disk, a privilege), then `roundtrip resume`; nothing was begun that is not in the journal',
    cause,
  });
}
