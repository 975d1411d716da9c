import { openJournal } from '../journal/journal-file.ts';
import { saveReceipt } from '../journal/receipt.ts';
import { runPaths, type StateFolder, savePlan } from '../journal/run-directory.ts';
import type { ControlStore } from './control-store.ts';
import { breakLock, isAlive, readLock, takeOperatorLock } from './operator-lock.ts';

/**
 * The folder of state as the store of its runs: for operators who work on one machine, or on a shared file system.
 *
 * @example const held = await fileStore(openStateFolder('.roundtrip')).hold({ operator: 'anna', verb: 'run', now: () => new Date() });
 */
export function fileStore(state: StateFolder): ControlStore {
  return {
    name: `the state folder ${state.root}`,
    state,
    systemIdentifier: undefined,
    passwordFiles: [],
    refresh: async () => undefined,
    async hold({ operator, verb, now }) {
      const release = takeOperatorLock(state, { operator, verb, now: now() });
      return {
        // A lock that is a file stays as long as its process lives.
        lost: new AbortController().signal,
        async begin(runId, plan) {
          savePlan(state, runId, plan);
          return openJournal(runPaths(state, runId).journal, { create: true, now });
        },
        open: async (runId) => openJournal(runPaths(state, runId).journal, { create: false, now }),
        files: async (runId) => ({ folder: runPaths(state, runId).folder, elsewhere: [] }),
        keepReceipt: async (receipt) => void saveReceipt(state, receipt),
        release: async () => release(),
      };
    },
    async holder() {
      const holder = readLock(state);
      return holder === undefined ? undefined : { holder, isAlive: isAlive(holder) };
    },
    breakLock: async () => breakLock(state),
  };
}
