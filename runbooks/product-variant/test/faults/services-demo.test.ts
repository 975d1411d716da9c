import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, it } from 'node:test';

const DEMO = path.resolve(import.meta.dirname, '../../demo-services/services-demo.ts');
const folders: string[] = [];
const demos: ChildProcess[] = [];
after(async () => {
  for (const demo of demos.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)) {
    const ended = once(demo, 'exit');
    demo.kill('SIGTERM');
    await ended;
  }
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

it('goes back by itself from a burst of errors, with nginx, supervisor and Prometheus, and keeps the orders', async () => {
  const demo = startDemo();
  const [code] = await once(demo.child, 'close');
  const told = demo.told();
  assert.notEqual(demo.output(), '', told.slice(-8_000));
  const last = JSON.parse(demo.output().trim().split('\n').at(-1) ?? '{}') as {
    verdict: string;
    shown: Record<string, boolean>;
    exitCode: number;
    ordersPlaced: number;
    ordersLost: number;
  };
  assert.deepEqual(
    Object.entries(last.shown).filter(([, holds]) => !holds),
    [],
    `${demo.output()}\n${told.slice(-8_000)}`,
  );
  assert.ok(Object.keys(last.shown).length >= 20);
  assert.deepEqual([code, last.verdict, last.exitCode, last.ordersLost], [0, 'pass', 6, 0]);
  assert.ok(last.ordersPlaced > 0);
  assert.deepEqual(leftOf(demo.folder), []);
});

it('is interrupted in the middle of a rehearsal, and leaves no program and no file', async () => {
  const demo = startDemo();
  const closed = once(demo.child, 'close');
  // Staging is closed and migrated, every program runs.
  while (!demo.told().includes('▶ do import')) {
    const ended = await Promise.race([closed, once(demo.child.stderr, 'data').then(() => undefined)]);
    if (ended !== undefined) assert.fail(demo.told().slice(-8_000));
  }
  demo.child.kill('SIGINT');
  const [code] = await closed;
  assert.equal(code, 130, demo.told().slice(-8_000));
  assert.deepEqual(leftOf(demo.folder), []);
});

function startDemo() {
  const folder = mkdtempSync(path.join(tmpdir(), 'services-'));
  // PostgreSQL runs as somebody else and has to get through.
  chmodSync(folder, 0o755);
  folders.push(folder);
  const child = spawn(process.execPath, [DEMO, '--orders', '1000'], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  demos.push(child);
  let output = '';
  let told = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    told += text;
  });
  return { child, folder, output: () => output, told: () => told };
}

/** Node's own, shared by all programs of a machine. */
const COMPILE_CACHE = 'node-compile-cache';

/** Files in a demo's folder, and programs whose command line or surroundings name it. */
function leftOf(folder: string): string[] {
  const naming = (pid: string): boolean =>
    ['cmdline', 'environ'].some((what) => {
      try {
        return readFileSync(`/proc/${pid}/${what}`, 'latin1').includes(folder);
      } catch {
        // It ended while we looked.
        return false;
      }
    });
  const programs = readdirSync('/proc').filter(
    (name) => /^\d+$/.test(name) && Number(name) !== process.pid && naming(name),
  );
  return [
    ...readdirSync(folder).filter((name) => name !== COMPILE_CACHE),
    ...programs.map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'latin1')),
  ];
}
