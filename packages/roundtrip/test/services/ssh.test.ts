import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { startTicksOf } from '../../src/process/process-group.ts';
import { endRemote, runRemote } from '../../src/services/ssh.ts';
import { freePort } from './free-port.ts';
import { startSshd, type TestSshd } from './sshd.ts';

let sshd: TestSshd;
before(async () => {
  sshd = await startSshd();
});
after(() => sshd.stop());

const run = (argv: readonly string[], options: Partial<Parameters<typeof runRemote>[2]> = {}) =>
  runRemote(sshd.host, argv, { timeoutMs: 20_000, ...options });

async function gone(pid: number): Promise<boolean> {
  for (let i = 0; i < 200; i += 1) {
    if (startTicksOf(pid) === undefined) return true;
    await delay(50);
  }
  return false;
}

/** Prints its own pid and that of a child, and goes on with both, whatever SIGTERM says. */
const STUBBORN = ['sh', '-c', 'trap "" TERM; sleep 600 & echo $!; echo $$; while :; do sleep 1; done'];

describe('a command over ssh', () => {
  it('gives exit code, both streams and every line, and nothing of ours in them', async () => {
    const lines: string[] = [];
    const result = await run(['sh', '-c', 'echo out; printf half; printf oops >&2; exit 3'], {
      okExitCodes: [3],
      onLine: (stream, line) => lines.push(`${stream} ${line}`),
    });
    assert.deepEqual(
      { ...result, durationMs: 0 },
      { exitCode: 3, stdout: 'out\nhalf\n', stderr: 'oops', durationMs: 0 },
    );
    assert.deepEqual(lines.sort(), ['stderr oops', 'stdout half', 'stdout out']);
  });

  it('gets its arguments as they are, whatever a shell would make of them', async () => {
    const odd = ['a b', '$HOME', "it's", '*', 'a;b', '"', '\\', '', 'x\ny', '`id`', '!', '--', 'я'];
    const { stdout } = await run(['printf', '[%s]', ...odd]);
    assert.equal(stdout, `${odd.map((each) => `[${each}]`).join('')}\n`);
  });

  it('runs in a folder and with variables, and of ours has none', async () => {
    process.env.CANARY = 'secret';
    const { stdout } = await run(['sh', '-c', 'pwd; env'], { cwd: sshd.folder, env: { GIVEN: 'a b' } });
    delete process.env.CANARY;
    assert.match(stdout, new RegExp(`^${sshd.folder}\\n`));
    assert.match(stdout, /^GIVEN=a b$/m);
    assert.doesNotMatch(stdout, /secret/);
    await assert.rejects(run(['true'], { cwd: '/no/such/folder' }), {
      code: 'process-failed',
      message: /cd/,
    });
  });

  it('reads nothing and waits for nothing on its standard input', async () => {
    assert.equal((await run(['cat'])).stdout, '');
  });

  it('fails with its own words, and with its own exit code 255', async () => {
    await assert.rejects(run(['sh', '-c', 'echo why >&2; exit 4']), {
      code: 'process-failed',
      message: /sh on worker1 ended with exit code 4: why/,
    });
    await assert.rejects(run(['sh', '-c', 'exit 255']), {
      code: 'process-failed',
      message: /ended with exit code 255/,
    });
    await assert.rejects(run(['no-such-program']), {
      code: 'process-failed',
      message: /exit code 127: .*no-such-program/,
    });
  });
});

describe('what ends a command over ssh', () => {
  it('its deadline, with the whole process group there', async () => {
    const pids: number[] = [];
    const running = run(STUBBORN, {
      timeoutMs: 3_000,
      graceMs: 200,
      onLine: (_stream, line) => pids.push(Number(line)),
    });
    await assert.rejects(running, {
      code: 'process-timed-out',
      message: /on worker1: .*nothing of it is left there/,
    });
    assert.equal(pids.length, 2);
    // No waiting here: that they are gone is what the error said.
    for (const pid of pids) assert.equal(startTicksOf(pid), undefined, `process ${pid} lives`);
  });

  it('an abort', async () => {
    const abort = new AbortController();
    let pid = 0;
    const running = run(['sh', '-c', 'echo $$; exec sleep 600'], {
      signal: abort.signal,
      graceMs: 200,
      onLine: (_stream, line) => {
        pid = Number(line);
        abort.abort();
      },
    });
    await assert.rejects(running, { code: 'process-aborted' });
    assert.equal(startTicksOf(pid), undefined);
  });

  it('a lost connection, which is no exit code of its own: how far it came is unknown', async () => {
    // The parent of the command's parent is the sshd of this connection.
    const cut = 'echo $$; kill -9 $(ps -o ppid= -p $PPID); exec sleep 600';
    let pid = 0;
    const running = run(['sh', '-c', cut], {
      graceMs: 200,
      onLine: (_stream, line) => {
        pid = Number(line);
      },
    });
    await assert.rejects(running, {
      code: 'ssh-connection-lost',
      outcome: 'ambiguous',
      message: /nothing of it is left there/,
    });
    assert.equal(await gone(pid), true);
  });

  it('our own death: it does not go on beside a repeated one', async () => {
    const module = path.resolve(import.meta.dirname, '../../src/services/ssh.ts');
    const script = `import { runRemote } from ${JSON.stringify(module)};
      await runRemote(${JSON.stringify(sshd.host)}, ${JSON.stringify(STUBBORN)},
        { timeoutMs: 600_000, graceMs: 200, onLine: (_stream, line) => console.log(line) });`;
    const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let printed = '';
    while (printed.split('\n').length < 3) printed += String((await once(child.stdout, 'data'))[0]);
    child.kill('SIGKILL');
    for (const pid of printed.trim().split('\n').map(Number))
      assert.equal(await gone(pid), true, `process ${pid} lives`);
  });

  it('its mark, from another connection, once or twice; nobody else is touched', async () => {
    const abort = new AbortController();
    const printed = Promise.withResolvers<number>();
    const other = run(['sh', '-c', 'echo $$; exec sleep 600'], {
      signal: abort.signal,
      onLine: (_stream, line) => printed.resolve(Number(line)),
    });
    let mark = '';
    let stubborn = 0;
    const endTwice = async (): Promise<void> => {
      for (const _twice of [1, 2]) await endRemote(sshd.host, { mark, graceMs: 200 });
    };
    let ended: Promise<void> | undefined;
    const running = run(STUBBORN, {
      onMark: (given) => {
        mark = given;
      },
      onLine: (_stream, line) => {
        stubborn = Number(line);
        ended ??= endTwice();
      },
    });
    await assert.rejects(running, { code: 'process-failed', message: /exit code 137/ });
    await ended;
    assert.equal(startTicksOf(stubborn), undefined);
    assert.notEqual(startTicksOf(await printed.promise), undefined);
    abort.abort();
    await assert.rejects(other, { code: 'process-aborted' });
  });
});

describe('a host that is not reached', () => {
  const cases: readonly (readonly [string, () => Promise<Readonly<Record<string, string>>>, RegExp])[] = [
    ['a port where nobody listens', async () => ({ Port: String(await freePort()) }), /Connection refused/],
    [
      'a key that is not let in',
      async () => ({ IdentityFile: `${sshd.folder}/stranger_key` }),
      /Permission denied/,
    ],
    [
      'a server that is not known',
      async () => ({ UserKnownHostsFile: '/dev/null' }),
      /Host key verification failed/,
    ],
    [
      'a name that nobody has',
      async () => ({ HostName: 'no-such-host.invalid' }),
      /resolve hostname|not known/,
    ],
  ];
  for (const [what, settings, message] of cases) {
    it(`${what}: nothing was begun, and nobody is asked`, async () => {
      const host = sshd.client('other', await settings());
      await assert.rejects(runRemote(host, ['true'], { timeoutMs: 20_000 }), {
        code: 'ssh-failed',
        outcome: 'failed',
        message,
      });
    });
  }

  it('a name that ssh would take for an option is refused', async () => {
    for (const host of ['', '-oProxyCommand=id'])
      await assert.rejects(runRemote({ ...sshd.host, host }, ['true'], { timeoutMs: 1_000 }), {
        code: 'ssh-host-invalid',
      });
  });
});
