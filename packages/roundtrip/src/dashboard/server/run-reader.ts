import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { isAlive, type LockHolder, readLock } from '../../control/operator-lock.ts';
import { type RunView, viewRun } from '../../engine/run-view.ts';
import { type Receipt, readReceipts } from '../../journal/receipt.ts';
import { listRuns, runPaths, type StateFolder } from '../../journal/run-directory.ts';

/** Reads runs without ever writing: the run that is watched may be acting at this very moment. */
export interface RunReader {
  readonly state: StateFolder;
  /** All runs, newest first; one only where the dashboard was started for one. */
  runIds(): readonly string[];
  /** Changes whenever the journal does. */
  version(runId: string): string;
  read(runId: string): RunView;
  receiptOf(view: RunView): Receipt | undefined;
  operating(): LockHolder | undefined;
  /** The last lines that a step's children wrote, as the engine redacted them. */
  logOf(runId: string, step: string): readonly string[];
}

const LOG_BYTES = 256 * 1024;
const LOG_LINES = 60;

/**
 * @example runReader({ root: '/var/lib/roundtrip' }).runIds()
 */
export function runReader(
  state: StateFolder,
  only?: string,
  operating: RunReader['operating'] = () => operatingHere(state),
): RunReader {
  return {
    state,
    runIds: () => (only === undefined ? runsIn(state) : [only]),
    version: (runId) => {
      const { journal } = runPaths(state, runId);
      if (!existsSync(journal)) return 'missing';
      const { size, mtimeMs } = statSync(journal);
      return `${size}:${mtimeMs}`;
    },
    read: (runId) => viewRun(state, runId),
    receiptOf: ({ state: run }) => {
      if (!existsSync(path.join(state.root, 'receipts'))) return undefined;
      const planHash = run.started.rehearses ?? run.started.planHash;
      // A rehearsal's own receipt says nothing about how long it was expected to take.
      return readReceipts(state).receipts.find(
        (receipt) => receipt.planHash === planHash && receipt.runId !== run.started.runId,
      );
    },
    operating,
    logOf: (runId, step) => {
      const { log } = runPaths(state, runId);
      if (!existsSync(log)) return [];
      const bytes = readFileSync(log);
      const lines = bytes.toString('utf8', Math.max(0, bytes.length - LOG_BYTES)).split('\n');
      return lines.filter((line) => line.split(' ', 2)[1] === step).slice(-LOG_LINES);
    },
  };
}

function operatingHere(state: StateFolder): LockHolder | undefined {
  const holder = readLock(state);
  return holder !== undefined && isAlive(holder) ? holder : undefined;
}

function runsIn(state: StateFolder): readonly string[] {
  if (state.loneRun === undefined && !existsSync(path.join(state.root, 'runs'))) return [];
  // By the time in their names: a rehearsal and the live run after it sort as they happened.
  return listRuns(state).filter((run) => readdirSync(runPaths(state, run).folder).includes('plan.json'));
}
