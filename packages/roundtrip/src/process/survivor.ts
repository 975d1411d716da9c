import { setTimeout as delay } from 'node:timers/promises';
import { Failed } from '../errors.ts';
import { type SpawnedChild, signalGroup, startTicksOf } from './run-process.ts';

const GRACE_MS = 2_000;
const DEADLINE_MS = 10_000;

/**
 * Ends the child of an earlier process of ours that was killed: it lives on, and its effect must not go on beside a
 * repeated one. Nothing is done when the pid is gone or belongs to another process by now.
 *
 * @throws Failed `survivor-stays` when it outlives SIGKILL (a process in uninterruptible sleep).
 */
export async function killSurvivor(child: SpawnedChild): Promise<void> {
  const lives = (): boolean => startTicksOf(child.pid) === child.startTicks;
  if (!lives()) return;
  signalGroup(child.pid, 'SIGTERM');
  for (let waitedMs = 0; lives(); waitedMs += 50) {
    if (waitedMs === GRACE_MS) signalGroup(child.pid, 'SIGKILL');
    if (waitedMs > DEADLINE_MS) {
      throw new Failed({
        code: 'survivor-stays',
        seen: `process ${child.pid} of an earlier attempt does not end`,
        expected: 'it to end on SIGKILL',
        next: 'look at the machine (a hung disk or network mount), then resume',
      });
    }
    await delay(50);
  }
}
