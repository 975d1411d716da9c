import { setTimeout as delay } from 'node:timers/promises';
import { Failed } from '../errors.ts';
import { groupMembers, signalGroup, startTicksOf } from './process-group.ts';
import type { SpawnedChild } from './run-process.ts';

const GRACE_MS = 2_000;
const DEADLINE_MS = 10_000;
const POLL_MS = 50;

/**
 * Ends the child of an earlier process of ours that was killed, with its whole group: it lives on, and its effect must
 * not go on beside a repeated one. Nothing is done when the pid belongs to another process by now.
 *
 * @throws Failed `survivor-stays` when something outlives SIGKILL (a process in uninterruptible sleep).
 */
export async function killSurvivor(child: SpawnedChild): Promise<void> {
  const leader = startTicksOf(child.pid);
  // Where the leader is gone, a group of its number can only be what it left: no new process gets a pid in use as one.
  if (leader !== undefined && leader !== child.startTicks) return;
  if (groupMembers(child.pid).length === 0) return;
  signalGroup(child.pid, 'SIGTERM');
  for (let waitedMs = 0; ; waitedMs += POLL_MS) {
    const members = groupMembers(child.pid);
    if (members.length === 0) return;
    if (waitedMs >= GRACE_MS) signalGroup(child.pid, 'SIGKILL');
    if (waitedMs > DEADLINE_MS) {
      throw new Failed({
        code: 'survivor-stays',
        seen: `processes ${members.join(', ')} of an earlier attempt do not end`,
        expected: 'them to end on SIGKILL',
        next: 'look at the machine (a hung disk or network mount), then resume',
      });
    }
    await delay(POLL_MS);
  }
}
