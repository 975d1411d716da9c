import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { exchangeFolder, unlessUnreadable } from '../demo/exchange-folder.ts';
import { requireStep } from '../demo/required.ts';

const DEMO = path.resolve(import.meta.dirname, '../demo/demo.ts');

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'demo-'));
  chmodSync(folder, 0o755); // PostgreSQL runs as somebody else and has to get through.
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A demo that has a folder for temporary files of its own; `interruptAt` presses Ctrl-C once it says that. */
async function demo(t: TestContext, argv: readonly string[], interruptAt?: string) {
  const folder = temporaryFolder(t);
  // A group of its own, as on a terminal: its children get the signal as well.
  const child = spawn(process.execPath, [DEMO, ...argv], {
    env: { ...process.env, TMPDIR: folder },
    detached: true,
  });
  let stdout = '';
  let stderr = '';
  let interrupted = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    if (interrupted || interruptAt === undefined || !stderr.includes(interruptAt)) return;
    interrupted = true;
    process.kill(-(child.pid ?? 0), 'SIGINT');
  });
  const [code] = await once(child, 'close');
  return { code, stdout, stderr, left: readdirSync(folder).filter((name) => /^(pg|roundtrip)-/.test(name)) };
}

test('what the command line asks for and is not there is told in one line, before anything is built', async (t) => {
  const step = await demo(t, ['--fail', 'nosuchstep']);
  assert.deepEqual([step.code, step.stdout, step.stderr.trim().split('\n').length], [2, '', 1]);
  assert.match(step.stderr, /--fail nosuchstep: no such step .* switch-over, /);
  const exchange = await demo(t, ['--exchange', path.join(temporaryFolder(t), 'nowhere')]);
  assert.deepEqual([exchange.code, exchange.stderr.trim().split('\n').length], [2, 1]);
  assert.match(exchange.stderr, /--exchange \S+nowhere: no such folder/);
});

test('every step of both strategies can be let fail', () => {
  requireStep('switch-over', { inPlace: false });
  requireStep('prove-protected-tables', { inPlace: true });
  assert.throws(() => requireStep('switch-over', { inPlace: true }), /no such step/);
});

for (const moment of ['starting two private', 'seeding the legacy shop'])
  test(`Ctrl-C while the stage is built ("${moment}") ends with 130 and leaves nothing`, async (t) => {
    const { code, stdout, stderr, left } = await demo(t, ['--orders', '5000'], moment);
    assert.equal(code, 130, stderr);
    assert.deepEqual(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''), {
      verdict: 'interrupted',
      exitCode: 130,
    });
    assert.doesNotMatch(stderr, /^\s+at /m);
    assert.deepEqual(left, []);
  });

test('a fault of the demo reaches no file of the exchange that it was given, through no link', async (t) => {
  const folder = temporaryFolder(t);
  const real = path.join(folder, 'real');
  mkdirSync(real);
  writeFileSync(path.join(real, 'import.xml'), '<a/>', { mode: 0o444 });
  symlinkSync(path.join(real, 'import.xml'), path.join(real, 'offers.xml'));
  symlinkSync(real, path.join(folder, 'link'));
  const choice = {
    exchange: path.join(folder, 'link'),
    say: () => undefined,
    signal: new AbortController().signal,
  };
  const copy = await exchangeFolder(path.join(folder, 'copy'), choice);
  for (const name of ['', 'import.xml', 'offers.xml'])
    assert.equal(lstatSync(path.join(copy, name)).isSymbolicLink(), false, name);
  assert.equal(lstatSync(path.join(copy, 'import.xml')).mode & 0o200, 0o200);
});

test('what cannot be read of an exchange is told by its own name', async () => {
  const refused = Object.assign(new Error('Command failed'), {
    stderr: 'seed: /tmp/x/exchange: not an exchange\n',
  });
  const read = (): Promise<never> => Promise.reject(refused);
  await assert.rejects(unlessUnreadable({ given: '/mine', copy: '/tmp/x/exchange' }, read), {
    message: '--exchange /mine: seed: /mine: not an exchange',
  });
  await assert.rejects(unlessUnreadable({ given: undefined, copy: '/tmp/x/exchange' }, read), refused);
});
