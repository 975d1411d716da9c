import { type JournalStore, journalMissing } from '../journal/journal-file.ts';
import { saveReceipt } from '../journal/receipt.ts';
import type { JournalRecord } from '../journal/record.ts';
import type { StateFolder } from '../journal/run-directory.ts';
import type { DatabaseAddress } from '../postgres/connection.ts';
import { identify } from '../postgres/identity.ts';
import { shownAddress } from './control-address.ts';
import { prepareSchema } from './control-schema.ts';
import { type ControlSession, holdControl } from './control-session.ts';
import type { ControlStore, HeldStore, Holding } from './control-store.ts';
import { endHolder, eraseHolder, readHolder } from './lock-holder.ts';
import { withControl } from './open-control.ts';
import { isAlive, ownHolder, readLock, takeOperatorLock } from './operator-lock.ts';
import { postgresJournal } from './postgres-journal.ts';
import { copyRecord, copyRun } from './run-copy.ts';
import { findRunFiles } from './run-files.ts';
import { bind } from './store-binding.ts';
import { copyAll, readRun } from './stored-runs.ts';

/** What a control store in PostgreSQL is made of. */
export interface PostgresStoreOptions {
  readonly address: DatabaseAddress;
  /** This machine's copy of it. */
  readonly state: StateFolder;
  /** How long a run waits for a store that went away. Default a minute. */
  readonly patienceMs?: number | undefined;
}

/**
 * Opens a store of runs in PostgreSQL, for operators on several machines; makes its tables the first time. The folder of state
 * of each machine is a copy of it from then on.
 *
 * @throws Refused `control-store-differs`, `control-store-format`; Failed `control-store-unreachable`.
 * @example const store = await openPostgresStore({ address: controlAddress(uri), state: openStateFolder('.roundtrip') });
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<ControlStore> {
  const { address, state } = options;
  const systemIdentifier = await withControl(address, async (client) => {
    bind(state, { id: await prepareSchema(client), address });
    return (await identify(client)).systemIdentifier;
  });
  return {
    name: `the control store ${shownAddress(address)}`,
    state,
    systemIdentifier,
    passwordFiles: address.passwordFile === undefined ? [] : [address.passwordFile],
    async refresh() {
      // Whoever acts from this folder keeps its copies; ours would only be older.
      const local = readLock(state);
      if (local !== undefined && isAlive(local)) return;
      await withControl(address, (client) => copyAll(client, state));
    },
    hold: (holding) => hold(options, holding),
    async holder() {
      const found = await withControl(address, readHolder);
      return found === undefined ? undefined : { holder: found.holder, isAlive: found.isHeld };
    },
    breakLock: () =>
      withControl(address, async (client) => {
        const found = await readHolder(client);
        // First the name: a session that is lost and finds it gone does not take the lock again.
        await eraseHolder(client);
        if (found?.isHeld === true) await endHolder(client, found);
      }),
  };
}

async function hold(
  { address, state, patienceMs }: PostgresStoreOptions,
  { operator, verb, now, say = () => undefined }: Holding,
): Promise<HeldStore> {
  const own = { operator, verb, now: now() };
  const holder = ownHolder(own);
  // In this order: a second process of this machine is told by the folder's own lock, without a session.
  const releaseFolder = takeOperatorLock(state, own);
  let session: ControlSession | undefined;
  try {
    session = await holdControl({ address, holder, say, patienceMs });
    // What others did until a moment ago; from now on nobody does anything.
    await session.use((client) => copyAll(client, state));
  } catch (error) {
    await session?.end();
    releaseFolder();
    throw error;
  }
  return heldStore({ session, state, now, releaseFolder });
}

function heldStore(parts: {
  readonly session: ControlSession;
  readonly state: StateFolder;
  readonly now: () => Date;
  readonly releaseFolder: () => void;
}): HeldStore {
  const { session, state, now, releaseFolder } = parts;
  const journalOf = (runId: string, records: readonly JournalRecord[]): JournalStore =>
    postgresJournal({ session, runId, records, now, onKept: (line) => copyRecord(state, runId, line) });
  return {
    lost: session.lost,
    async begin(runId, plan) {
      const text = `${JSON.stringify(plan, null, 2)}\n`;
      await session.use((client) =>
        client.query(
          'INSERT INTO roundtrip_control.runs (run, plan) VALUES ($1, $2) ON CONFLICT DO NOTHING',
          [runId, text],
        ),
      );
      return journalOf(runId, copyRun(state, { runId, plan: text, text: '' }));
    },
    async open(runId) {
      const run = await session.use((client) => readRun(client, runId));
      if (run === undefined) throw journalMissing(`run ${runId} of the control store`);
      return journalOf(runId, copyRun(state, run));
    },
    files: (runId) => session.use((client) => findRunFiles(client, state, runId)),
    async keepReceipt(receipt) {
      await session.use((client) =>
        client.query(
          'INSERT INTO roundtrip_control.receipts (run, receipt) VALUES ($1, $2) ON CONFLICT DO NOTHING',
          [receipt.runId, JSON.stringify(receipt)],
        ),
      );
      saveReceipt(state, receipt);
    },
    async release() {
      await session.end();
      releaseFolder();
    },
  };
}
