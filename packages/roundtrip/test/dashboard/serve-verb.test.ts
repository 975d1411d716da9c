import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { describe, it } from 'node:test';
import { recordedRun } from './recorded-run.ts';

const CLI = path.resolve(import.meta.dirname, '../../bin/roundtrip.ts');

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the verb until it ends, or until it has printed its URL and `visit` is through; then as Ctrl-C does. */
async function serve(argv: readonly string[], visit?: (url: string) => Promise<void>): Promise<Ended> {
  const child = spawn(process.execPath, [CLI, 'serve', ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  let visited: Promise<void> | undefined;
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    const url = /http:\/\/\S+?(?=["\s])/.exec(stdout)?.[0];
    if (url === undefined || visit === undefined || visited !== undefined) return;
    visited = visit(url).finally(() => child.kill('SIGINT'));
  });
  const [code] = (await once(child, 'close')) as [number | null];
  await visited;
  return { code, stdout, stderr };
}

describe('roundtrip serve', () => {
  it('serves one run, prints its URL on stdout, and ends with Ctrl-C', async () => {
    const run = recordedRun({ kind: 'live' });
    let title = '';
    const { code, stdout, stderr } = await serve([run.folder], async (url) => {
      const first = await fetch(url, { redirect: 'manual' });
      const cookie = String(first.headers.get('set-cookie')).split(';')[0] ?? '';
      const page = await fetch(new URL('/', url), { headers: { cookie } });
      title = /<title>(.*)<\/title>/.exec(await page.text())?.[1] ?? '';
    });
    assert.equal(code, 0, stderr);
    assert.equal(title, 'Roundtrip');
    assert.match(stdout, /^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{43}\n$/);
  });

  it('serves a folder of runs, and says so as JSON', async () => {
    const run = recordedRun({ kind: 'live' });
    const { code, stdout } = await serve(['--runs', path.dirname(run.folder), '--json'], async (url) => {
      assert.equal((await fetch(new URL('/api/events', url))).status, 401);
    });
    assert.equal(code, 0);
    assert.equal((JSON.parse(stdout) as { type: string }).type, 'serving');
  });

  it('refuses what is no run, no port and no address of this machine', async () => {
    const run = recordedRun({ kind: 'live' });
    const notRun = await serve([run.state.root]);
    assert.deepEqual([notRun.code, /not-a-run/.test(notRun.stderr)], [3, true], notRun.stderr);
    assert.equal((await serve([run.folder, '--port', 'x'])).code, 2);
    const foreign = await serve([run.folder, '--host', '192.0.2.1']);
    assert.deepEqual([foreign.code, /dashboard-port/.test(foreign.stderr)], [4, true], foreign.stderr);
  });
});
