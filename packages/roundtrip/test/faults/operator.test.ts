import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { RUN } from './every-boundary.ts';
import { buildToyStage, type ToyStage, type ToyState } from './toy-stage.ts';

const BIN = path.join(import.meta.dirname, '../../bin/roundtrip.ts');
const RUNBOOK = path.join(import.meta.dirname, 'toy-side-by-side.ts');

let stage: ToyStage;
let expected: ToyState;
let child: ChildProcess | undefined;
before(async () => {
  process.env.TOY_STRATEGY = 'side-by-side';
  stage = await buildToyStage();
  await stage.reset();
  assert.equal((await stage.verb(0, ...RUN)).exitCode, 0);
  expected = await stage.look();
  process.env.TOY_IMPORT = 'slow.sql';
});
beforeEach(async () => {
  await stage.reset();
  importIs('SELECT pg_sleep(600);');
});
afterEach(() => {
  child?.kill('SIGKILL');
});
after(async () => {
  delete process.env.TOY_STRATEGY;
  delete process.env.TOY_IMPORT;
  await stage.close();
});

const FINE =
  "INSERT INTO products SELECT n, 'good ' || n, 1 FROM generate_series(1, 3) n ON CONFLICT DO NOTHING;";
function importIs(sql: string): void {
  writeFileSync(path.join(stage.folder, 'sql', 'slow.sql'), sql);
}

/** The program as it is installed, signals and all. */
function start(argv: readonly string[]): ChildProcess {
  const options = ['--runbook', RUNBOOK, '--state', path.join(stage.folder, 'state')];
  return spawn(process.execPath, [BIN, ...argv, ...options], {
    env: { ...process.env, TOY_TARGETS: path.join(stage.folder, 'targets.json') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function untilItImports(): Promise<void> {
  for (const deadline = Date.now() + 120_000; Date.now() < deadline; await delay(20)) {
    const { rows } = await stage.cluster.query(
      "SELECT FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(600)%' AND state = 'active'",
    );
    if (rows.length > 0) return;
  }
  throw new Error('no import began within two minutes');
}

async function resumesWhole(): Promise<void> {
  importIs(FINE);
  const resumed = await stage.verb(0, 'resume');
  assert.equal(resumed.exitCode, 0, resumed.stderr);
  assert.deepEqual(await stage.look(), expected);
}

describe('an operator', () => {
  for (const signals of [['SIGINT'], ['SIGINT', 'SIGTERM'], ['SIGHUP']] as const)
    it(`ends a step with ${signals.join(' and ')}: exit 130, nothing of it goes on, and it resumes whole`, async () => {
      child = start(RUN);
      child.stdout?.resume();
      child.stderr?.resume();
      const ended = once(child, 'exit');
      await untilItImports();
      for (const signal of signals) child.kill(signal);
      assert.deepEqual(await ended, [130, null]);
      await resumesWhole();
    });

  it('who comes while another one operates is refused and told who that is', async () => {
    child = start(RUN);
    child.stdout?.resume();
    child.stderr?.resume();
    await untilItImports();
    for (const verb of [['resume'], RUN]) {
      const refused = await stage.verb(0, ...verb);
      assert.equal(refused.exitCode, 8, refused.stderr);
      assert.match(refused.stderr, new RegExp(`pid ${child.pid}`));
    }
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    await resumesWhole();
  });

  it('whose terminal is closed does not lose the run', async () => {
    importIs(FINE);
    child = start(RUN);
    const ended = once(child, 'exit');
    child.stdout?.destroy();
    child.stderr?.destroy();
    assert.deepEqual(await ended, [0, null]);
    assert.deepEqual(await stage.look(), expected);
  });

  it('who comes after a crash with maintenance on is told so first, and it stays on', async () => {
    importIs(FINE);
    process.env.TOY_STRATEGY = 'in-place';
    try {
      const { killed } = await stage.verb(['after append:outcome:maintenance-on:verify'], ...RUN);
      assert.equal(killed, true);
      const { stdout } = await stage.verb(0, 'status');
      assert.match(stdout, /MAINTENANCE IS ON/);
      const refused = await stage.verb(0, ...RUN);
      assert.notEqual(refused.exitCode, 0);
      assert.match(refused.stderr, /MAINTENANCE IS ON/);
      assert.equal((await stage.look()).maintenance, true);
      const resumed = await stage.verb(0, 'resume');
      assert.match(resumed.stderr.split('\n')[0] ?? '', /MAINTENANCE IS ON/);
      assert.equal(resumed.exitCode, 0, resumed.stderr);
      assert.equal((await stage.look()).maintenance, false);
    } finally {
      process.env.TOY_STRATEGY = 'side-by-side';
    }
  });
});
