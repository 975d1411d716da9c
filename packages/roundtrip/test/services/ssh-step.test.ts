import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type TestCluster, testCluster } from 'pg-cluster/testing';
import { startTicksOf } from '../../src/process/process-group.ts';
import type { Plan } from '../../src/runbook/plan.ts';
import { serviceState, startService, stopService } from '../../src/services/service.ts';
import { runRemote } from '../../src/services/ssh.ts';
import { commandKind, runCommand } from '../../src/steps/run-command.ts';
import { startSshd, type TestSshd } from './sshd.ts';
import { stepContext } from './step-context.ts';

let sshd: TestSshd;
let cluster: TestCluster;
const runDirectory = mkdtempSync(path.join(tmpdir(), 'ssh-step-'));
before(async () => {
  [sshd, cluster] = await Promise.all([startSshd(), testCluster()]);
});
after(async () => {
  await Promise.all([sshd.stop(), cluster.release()]);
  rmSync(runDirectory, { recursive: true });
});

/** What a step sees: its marks survive it, as in a journal. */
function context(step: ReturnType<typeof runCommand>) {
  const marks: Record<string, never> = {};
  const plan = { target: { name: 'test', database: cluster.address(), settings: {} } } as unknown as Plan;
  const mark = (name: string, data: unknown) => {
    marks[name] = data as never;
  };
  return stepContext(step, { plan, marks, mark, runDirectory });
}

describe('a step on another machine', () => {
  it('runs its commands there: do, verify, inspect, undo', async () => {
    const file = path.join(sshd.folder, 'effect');
    const step = runCommand({
      host: sshd.host,
      argv: ['sh', '-c', 'touch "$0"; echo "{\\"client\\":\\"$SSH_CLIENT\\"}"', file],
      inspect: ['sh', '-c', 'test -e "$0"', file],
      verify: ['ls', file],
      undo: ['rm', file],
      effect: 'reversible',
    });
    const seen = context(step);
    assert.equal(await commandKind.inspect(seen, step.args), 'not-done');
    const evidence = await commandKind.do(seen, step.args);
    assert.match(JSON.stringify(evidence.stdout), /127\.0\.0\.1/, 'sshd tells its commands who came');
    assert.equal(await commandKind.inspect(seen, step.args), 'done');
    assert.deepEqual(await commandKind.verify(seen, step.args), { verified: file });
    await commandKind.undo?.(seen, step.args);
    assert.equal(existsSync(file), false);
  });

  it('ends there what a killed attempt left, before it is judged', async () => {
    const step = runCommand({ host: sshd.host, argv: ['true'], effect: 'none' });
    const seen = context(step);
    let pid = 0;
    const left = runRemote(sshd.host, ['sh', '-c', 'echo $$; exec sleep 600'], {
      timeoutMs: 60_000,
      // Noted before it begins, as the step does.
      onMark: (mark) => seen.mark(`remote-${mark}`, { mark, host: { ...sshd.host } }),
      onLine: (_stream, line) => {
        pid = Number(line);
        judged = commandKind.inspect(seen, step.args);
      },
    });
    let judged: ReturnType<typeof commandKind.inspect> | undefined;
    await assert.rejects(left, { code: 'process-failed', message: /143/ });
    assert.equal(await judged, 'not-done');
    assert.equal(startTicksOf(pid), undefined);
  });

  it('notes a command before it begins', async () => {
    const step = runCommand({ host: sshd.host, argv: ['true'], effect: 'none' });
    const seen = context(step);
    await commandKind.do(seen, step.args);
    const [name = ''] = Object.keys(seen.marks).filter((mark) => mark.startsWith('remote-'));
    assert.deepEqual(seen.marks[name]?.host, { ...sshd.host });
  });
});

describe('a service on another machine', () => {
  it('starts and stops there', async () => {
    const file = path.join(sshd.folder, 'service');
    const service = {
      name: 'there',
      host: sshd.host,
      start: ['touch', file],
      stop: ['rm', '-f', file],
      status: ['sh', '-c', 'test -e "$0" || exit 3', file],
    };
    await startService(service);
    assert.equal(await serviceState(service), 'running');
    await stopService(service);
    assert.equal(await serviceState(service), 'stopped');
  });
});
