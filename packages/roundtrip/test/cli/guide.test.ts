import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';
import { after, describe, it } from 'node:test';
import { type CliEnvironment, processEnvironment } from '../../src/cli/environment.ts';
import { main } from '../../src/cli/main.ts';
import { digestOf } from '../../src/digest.ts';
import { type Receipt, saveReceipt } from '../../src/journal/receipt.ts';
import { openStateFolder } from '../../src/journal/run-directory.ts';
import { type Plan, resolvePlan } from '../../src/runbook/plan.ts';
import { defineRunbook, type Runbook } from '../../src/runbook/runbook.ts';
import { backup } from '../../src/steps/backup.ts';
import { wayBack } from '../../src/steps/way-back.ts';
import { receiptOf } from '../guide/guide-plan.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'guide-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function runbookOf(planned: string): Runbook {
  const database = { host: '127.0.0.1', port: 5432, user: 'ops', database: 'shop' };
  const target = { environment: 'production', database, settings: {} } as const;
  return defineRunbook({
    name: 'exact-prices',
    title: 'Exact prices',
    targets: { east: { ...target, name: 'east' }, west: { ...target, name: 'west' } },
    window: { start: '02:00', end: '04:00', zone: 'UTC' },
    protectedTables: ['orders'],
    steps: ({ name }) => [backup({ planned }), wayBack({ owner: `operators of the ${name}` })],
    matrix: [],
  });
}

/** What a rehearsal of the plan leaves in the folder of state. */
function rehearsed(state: string, plan: Plan): void {
  const { hash: _hash, ...receipt }: Receipt = receiptOf(plan);
  saveReceipt(openStateFolder(state), { ...receipt, hash: digestOf(receipt) });
}

class Text extends Writable {
  text = '';
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

async function guide(runbook: Runbook, state: string, ...argv: readonly string[]) {
  const [stdout, stderr] = [new Text(), new Text()];
  const real = processEnvironment(new AbortController().signal);
  const environment: CliEnvironment = { ...real, stdout, stderr, runbook, variables: {} };
  const exitCode = await main(['guide', '--state', state, ...argv], environment);
  return { exitCode, stdout: stdout.text, stderr: stderr.text };
}

describe('roundtrip guide', () => {
  const runbook = runbookOf('10min');
  const plan = resolvePlan({ runbook, target: 'east', releases: null });

  it('has measured times from a rehearsal of this very plan', async () => {
    const state = path.join(folder, 'rehearsed');
    rehearsed(state, plan);
    const { exitCode, stdout, stderr } = await guide(runbook, state, '--target', 'east');
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /\| planned \| rehearsed \|/);
    assert.match(stdout, /Deadline\*\* .*: 03:48 UTC, which is 04:00 less 1min 30s as rehearsed/);
    assert.equal(stderr, '');
  });

  it('has none from the rehearsal of another plan, and says so', async () => {
    const state = path.join(folder, 'other');
    rehearsed(state, plan);
    const { stdout, stderr } = await guide(runbookOf('20min'), state, '--target', 'east');
    assert.doesNotMatch(stdout, /rehearsed \|/);
    assert.match(stderr, /no rehearsal of this very plan/);
  });

  it('fills each region for the target that its mark names, else for the one of the command', async () => {
    const file = path.join(folder, 'guide.md');
    const region = (words: string) => `<!-- roundtrip guide: ${words} -->\n<!-- /roundtrip guide -->\n`;
    writeFileSync(file, `${region('timeline')}${region('timeline west')}`);
    const state = path.join(folder, 'regions');
    assert.equal((await guide(runbook, state, '--target', 'east', '--into', file, '--check')).exitCode, 3);
    assert.equal((await guide(runbook, state, '--target', 'east', '--into', file)).exitCode, 0);
    const owners = readFileSync(file, 'utf8').match(/operators of the \w+/g);
    assert.deepEqual(owners, ['operators of the east', 'operators of the west']);
    assert.equal((await guide(runbook, state, '--target', 'east', '--into', file, '--check')).exitCode, 0);
  });

  it('refuses a target, a part and a language that it does not know', async () => {
    const state = path.join(folder, 'unknown');
    assert.match((await guide(runbook, state, '--target', 'north')).stderr, /unknown-target/);
    assert.equal((await guide(runbook, state, '--target', 'east', '--part', 'end')).exitCode, 2);
    assert.equal((await guide(runbook, state, '--target', 'east', '--lang', 'de')).exitCode, 2);
  });
});
