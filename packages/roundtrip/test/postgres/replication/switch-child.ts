import { writeFileSync } from 'node:fs';
import { type SwitchToCopyOptions, switchToCopy } from '../../../src/postgres/replication/index.ts';

/** A process that switches and dies of SIGKILL at a mark, having noted the reverse stream as a journal would. */
interface ChildTask {
  readonly options: Omit<SwitchToCopyOptions, 'journal'>;
  readonly dieAt: string;
  readonly journalFile: string;
}

const task = JSON.parse(process.argv[2] ?? '') as ChildTask;
await switchToCopy({
  ...task.options,
  journal: async (mark, reverse) => {
    if (reverse !== undefined) writeFileSync(task.journalFile, JSON.stringify(reverse));
    if (mark === task.dieAt) process.kill(process.pid, 'SIGKILL');
    // Dead before the next effect: the signal is delivered at once, this only keeps the promise from resolving first.
    if (mark === task.dieAt) await new Promise(() => undefined);
  },
});
