import assert from 'node:assert/strict';
import { globSync, readFileSync, renameSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { customersWrite } from '../faults/customers.ts';
import { ROLLBACK, RUN } from '../faults/every-boundary.ts';
import { buildToyStage, type ToyStage, type ToyState } from '../faults/toy-stage.ts';

let stage: ToyStage;
let untouched: ToyState;
before(async () => {
  stage = await buildToyStage();
});
after(() => stage.close());
beforeEach(async () => {
  await stage.reset();
  untouched = await stage.look();
});

/** A refusal says what was seen, what was expected, what state production is in and what is next. */
function assertExplained(stderr: string, code: string): void {
  assert.match(stderr, new RegExp(`\\(${code}\\)|${code}:`));
  for (const part of ['seen:', 'expected:', 'production:', 'next:']) assert.match(stderr, new RegExp(part));
}

function editTargets(change: (production: { systemIdentifier?: string }) => void): () => void {
  const file = path.join(stage.folder, 'targets.json');
  const original = readFileSync(file, 'utf8');
  const targets = JSON.parse(original) as { production: { systemIdentifier?: string } };
  change(targets.production);
  writeFileSync(file, JSON.stringify(targets));
  return () => writeFileSync(file, original);
}

describe('run refuses, with nothing changed', () => {
  it('without a rehearsal receipt', async () => {
    const { exitCode, stderr } = await stage.verb(
      0,
      'run',
      '--target',
      'production',
      '--confirm',
      'production',
      '--override',
      'window=a test',
    );
    assert.equal(exitCode, 3);
    assertExplained(stderr, 'no-receipt');
    assert.deepEqual(await stage.look(), untouched);
  });

  it('on a wrong target: another cluster than the runbook says', async () => {
    const restore = editTargets((production) => {
      production.systemIdentifier = '7000000000000000000';
    });
    const { exitCode, stderr } = await stage.verb(0, ...RUN);
    restore();
    assert.equal(exitCode, 3);
    assertExplained(stderr, 'wrong-target');
    assert.deepEqual(await stage.look(), untouched);
  });

  it('without the target typed: exit 9, naming the flag', async () => {
    const { exitCode, stderr } = await stage.verb(0, 'run', '--target', 'production');
    assert.equal(exitCode, 9);
    assert.match(stderr, /--confirm production/);
    assert.deepEqual(await stage.look(), untouched);
  });

  it('with the wrong target typed', async () => {
    const { exitCode, stderr } = await stage.verb(0, 'run', '--target', 'production', '--confirm', 'staging');
    assert.equal(exitCode, 3);
    assertExplained(stderr, 'confirmation-wrong');
  });

  it('an unknown verb or flag: exit 2', async () => {
    assert.equal((await stage.verb(0, 'fly')).exitCode, 2);
    assert.equal((await stage.verb(0, 'run', '--target', 'production', '--hurry')).exitCode, 2);
  });
});

describe('a run that was begun', () => {
  it('is neither resumed nor begun anew once its journal is gone, nor resumed from an edited one', async () => {
    await stage.verb(60, ...RUN);
    const [journal = ''] = globSync(path.join(stage.folder, 'state/runs/*/journal.ndjson'));
    renameSync(journal, `${stage.folder}/put-away`);
    for (const verb of [['resume', '--target', 'production'], ['status'], RUN]) {
      const { exitCode, stderr } = await stage.verb(0, ...verb);
      assert.equal(exitCode, 3, stderr);
      assertExplained(stderr, 'journal-missing');
      assert.match(stderr, /production: +unknown: run \S+-live-\S+ has left files and no journal/);
    }
    renameSync(`${stage.folder}/put-away`, journal);
    writeFileSync(journal, readFileSync(journal, 'utf8').replace('"attempt":1', '"attempt":7'));
    const state = await stage.look();
    const { exitCode, stderr } = await stage.verb(0, 'resume', '--target', 'production');
    assert.equal(exitCode, 3);
    assertExplained(stderr, 'journal-edited');
    assert.match(stderr, /line \d+ of the journal/);
    assert.deepEqual(await stage.look(), state);
  });

  it('is not resumed with an edited plan', async () => {
    await stage.verb(60, ...RUN);
    const [plan = ''] = globSync(path.join(stage.folder, 'state/runs/*/plan.json'));
    writeFileSync(plan, readFileSync(plan, 'utf8').replace('Toy migration', 'Another migration'));
    const { exitCode, stderr } = await stage.verb(0, 'resume', '--target', 'production');
    assert.equal(exitCode, 3);
    assertExplained(stderr, 'plan-edited');
  });

  it('bars another run on the same target', async () => {
    await stage.verb(60, ...RUN);
    const { exitCode, stderr } = await stage.verb(0, ...RUN);
    assert.equal(exitCode, 3);
    assertExplained(stderr, 'run-unfinished');
  });

  it('goes back by the slow way when the return database is gone, refuses a truncated dump, and loses no order', async () => {
    assert.equal((await stage.verb(0, ...RUN)).exitCode, 0);
    await customersWrite(stage);
    const migrated = await stage.look();
    await stage.dropReturnDatabase();
    const [largest = ''] = globSync(path.join(stage.folder, 'state/runs/*/backup/archive/*')).sort(
      (a, b) => statSync(b).size - statSync(a).size,
    );
    const whole = readFileSync(largest);
    truncateSync(largest, Math.floor(whole.length / 2));
    const refused = await stage.verb(0, ...ROLLBACK);
    assert.equal(refused.exitCode, 3);
    assertExplained(refused.stderr, 'nothing-to-go-back-to');
    assert.match(refused.stderr, /has \d+ of \d+ bytes/);
    const { databases } = await stage.look();
    assert.deepEqual(await stage.look(), { ...migrated, databases }, 'production serves on');
    // The off-site copy is brought back: the same rollback goes through.
    writeFileSync(largest, whole);
    const repeated = await stage.verb(0, ...ROLLBACK);
    assert.equal(repeated.exitCode, 0, repeated.stderr);
    const { rows } = await stage.cluster.query(
      `SELECT (SELECT count(*)::int FROM orders WHERE total > 1000) AS kept, (SELECT name FROM products WHERE id = 77) AS mapped`,
      [],
      'toy',
    );
    assert.deepEqual(rows, [{ kept: 20, mapped: 'born later' }]);
    assert.equal((await stage.look()).release, 'v1');
  });
});

describe('a target whose way back is open', () => {
  it('takes no other run on top', async () => {
    assert.equal((await stage.verb(0, ...RUN)).exitCode, 0);
    const { exitCode, stderr } = await stage.verb(0, ...RUN);
    assert.equal(exitCode, 3);
    assertExplained(stderr, 'way-back-still-open');
  });
});
