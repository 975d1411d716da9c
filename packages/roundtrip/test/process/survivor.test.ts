import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { groupMembers, startTicksOf } from '../../src/process/process-group.ts';
import { runProcess, type SpawnedChild } from '../../src/process/run-process.ts';
import { killSurvivor } from '../../src/process/survivor.ts';

/** Returns once the script has printed its first line. */
async function started(script: string): Promise<{ child: SpawnedChild; ended: Promise<unknown> }> {
  const spawned = Promise.withResolvers<SpawnedChild>();
  const ready = Promise.withResolvers<void>();
  const ended = runProcess(['sh', '-c', script], {
    timeoutMs: 60_000,
    onSpawn: spawned.resolve,
    onLine: () => ready.resolve(),
  }).catch(() => undefined);
  await ready.promise;
  return { child: await spawned.promise, ended };
}

describe('killSurvivor', () => {
  it('ends the child of an earlier attempt, and leaves another process with its pid alone', async () => {
    const { child, ended } = await started('trap "" TERM; echo ready; while :; do sleep 1; done');
    await killSurvivor({ pid: child.pid, startTicks: 'another' });
    assert.notEqual(startTicksOf(child.pid), undefined);
    await killSurvivor(child);
    assert.deepEqual(groupMembers(child.pid), []);
    await ended;
  });

  it('ends what a leader left behind that is gone itself', async () => {
    const { child, ended } = await started(
      '(trap "" TERM; echo ready; while :; do sleep 1; done) & exec true',
    );
    for (let i = 0; i < 6_000 && startTicksOf(child.pid) !== undefined; i += 1) await delay(10);
    assert.equal(startTicksOf(child.pid), undefined, 'the leader is gone');
    assert.ok(groupMembers(child.pid).length > 0, 'its child is not');
    await killSurvivor(child);
    assert.deepEqual(groupMembers(child.pid), []);
    await ended;
  });
});
