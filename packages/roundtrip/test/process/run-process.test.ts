import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { startTicksOf } from '../../src/process/process-group.ts';
import { runProcess } from '../../src/process/run-process.ts';

async function gone(pid: number): Promise<boolean> {
  for (let i = 0; i < 100; i += 1) {
    if (startTicksOf(pid) === undefined) return true;
    await delay(50);
  }
  return false;
}

describe('runProcess', () => {
  it('gives exit code, both streams and every line', async () => {
    const lines: string[] = [];
    const result = await runProcess(['sh', '-c', 'echo out; echo err >&2; exit 3'], {
      timeoutMs: 5_000,
      okExitCodes: [3],
      onLine: (stream, line) => lines.push(`${stream} ${line}`),
    });
    assert.deepEqual(
      { ...result, durationMs: 0 },
      { exitCode: 3, stdout: 'out\n', stderr: 'err\n', durationMs: 0 },
    );
    assert.deepEqual(lines.sort(), ['stderr err', 'stdout out']);
  });

  it('tells a failure with the end of stderr, and a missing program as such', async () => {
    await assert.rejects(runProcess(['sh', '-c', 'echo why >&2; exit 4'], { timeoutMs: 5_000 }), {
      code: 'process-failed',
      message: /exit code 4: why/,
    });
    await assert.rejects(runProcess(['/no/such/program'], { timeoutMs: 5_000 }), { code: 'program-missing' });
  });

  it('hands over nothing of our environment but the allow-list', async () => {
    process.env.CANARY = 'secret';
    const { stdout } = await runProcess(['env'], { timeoutMs: 5_000, env: { GIVEN: 'yes' } });
    delete process.env.CANARY;
    assert.match(stdout, /GIVEN=yes/);
    assert.doesNotMatch(stdout, /CANARY|secret/);
  });

  it('ends a child that ignores SIGTERM, and its grandchildren, at the deadline', async () => {
    const pids: number[] = [];
    const script = 'trap "" TERM; sleep 100 & echo $!; echo $$; while :; do sleep 1; done';
    await assert.rejects(
      runProcess(['sh', '-c', script], {
        timeoutMs: 400,
        graceMs: 200,
        onLine: (_stream, line) => pids.push(Number(line)),
      }),
      { code: 'process-timed-out' },
    );
    assert.equal(pids.length, 2);
    for (const pid of pids) assert.equal(await gone(pid), true, `process ${pid} lives`);
  });

  it('ends it on abort too', async () => {
    const abort = new AbortController();
    const running = runProcess(['sleep', '100'], {
      timeoutMs: 60_000,
      signal: abort.signal,
      onSpawn: () => void setTimeout(() => abort.abort(), 100),
    });
    await assert.rejects(running, { code: 'process-aborted' });
  });

  it('does not wait for a grandchild that left the group and holds the pipes', async () => {
    const pids: number[] = [];
    const running = runProcess(['sh', '-c', 'setsid sleep 30 & echo $!; sleep 30'], {
      timeoutMs: 300,
      graceMs: 100,
      onLine: (_stream, line) => pids.push(Number(line)),
    });
    await assert.rejects(running, { code: 'process-timed-out' });
    // It holds our pipe and is not ours to wait for; had we waited, it would be gone by now.
    const [pid = 0] = pids;
    assert.notEqual(startTicksOf(pid), undefined);
    process.kill(pid, 'SIGKILL');
  });

  it('lets no child live that nobody could note', async () => {
    let pid = 0;
    const full = new Error('disk full');
    const running = runProcess(['sleep', '30'], {
      timeoutMs: 60_000,
      onSpawn: (child) => {
        pid = child.pid;
        throw full;
      },
    });
    await assert.rejects(running, full);
    assert.equal(await gone(pid), true);
  });

  it('keeps the end of one long line too', async () => {
    const { stdout } = await runProcess(['sh', '-c', 'head -c 100000 /dev/zero | tr "\\0" x; echo END'], {
      timeoutMs: 10_000,
      outputBytesMax: 1_000,
    });
    assert.ok(stdout.length <= 1_001 && stdout.endsWith('xEND\n'));
  });

  it('keeps the end of a long output', async () => {
    const { stdout } = await runProcess(['sh', '-c', 'seq 1 20000'], {
      timeoutMs: 10_000,
      outputBytesMax: 1_000,
    });
    assert.ok(stdout.length <= 1_010);
    assert.match(stdout, /20000\n$/);
  });
});
