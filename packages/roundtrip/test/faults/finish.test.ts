import assert from 'node:assert/strict';
import { globSync, renameSync } from 'node:fs';
import { after, before, beforeEach, describe, it } from 'node:test';
import { customersWrite } from './customers.ts';
import { FINISH, ROLLBACK, RUN } from './every-boundary.ts';
import { buildToyStage, type ToyStage } from './toy-stage.ts';

let stage: ToyStage;
before(async () => {
  stage = await buildToyStage();
});
after(() => stage.close());
beforeEach(async () => {
  await stage.reset();
  assert.equal((await stage.verb(0, ...RUN)).exitCode, 0);
});

const status = () => stage.verb(0, 'status', '--target', 'production');

describe('the way back', () => {
  it('is open after a run, and says what it costs', async () => {
    const { stdout } = await status();
    assert.match(stdout, /way back: OPEN/);
    assert.match(stdout, /WAL kept/);
  });

  it('is looked at from the moment customers write, not only once the run has ended', async () => {
    await stage.reset();
    assert.equal((await stage.verb(['before do:smoke-test'], ...RUN)).killed, true);
    const { stdout } = await status();
    assert.match(stdout, /half-way forward/);
    assert.match(stdout, /way back: OPEN/);
    assert.match(stdout, /WAL kept/);
  });

  it('is at risk once a row has no place in the old schema and nothing maps it', async () => {
    process.env.TOY_MAPPING = 'none';
    try {
      await stage.reset();
      await stage.verb(0, ...RUN);
      await customersWrite(stage);
      for (let attempt = 0; ; attempt += 1) {
        const { stdout } = await status();
        if (/way back: AT-RISK[\s\S]*no place in the old schema/.test(stdout)) break;
        assert.ok(attempt < 20, stdout);
      }
    } finally {
      delete process.env.TOY_MAPPING;
    }
  });

  it('is closed for good by finish: no slot, no subscription, no return database, no rollback', async () => {
    const { exitCode, stderr } = await stage.verb(0, ...FINISH);
    assert.equal(exitCode, 0, stderr);
    assert.equal((await stage.cluster.query('SELECT FROM pg_replication_slots')).rowCount, 0);
    assert.equal((await stage.cluster.query('SELECT FROM pg_subscription')).rowCount, 0);
    assert.equal((await stage.cluster.query('SELECT FROM pg_publication', [], 'toy')).rowCount, 0);
    assert.deepEqual((await stage.look()).databases, ['toy', 'toy_template']);
    assert.match((await status()).stdout, /way back: CLOSED/);
    const refused = await stage.verb(0, ...ROLLBACK);
    assert.equal(refused.exitCode, 3);
    assert.match(refused.stderr, /way-back-finished/);
  });

  it('is looked for before the shop is closed: a rollback that leads nowhere takes nothing down', async () => {
    const serving = await stage.look();
    const refusedRollback = async (code: RegExp): Promise<string> => {
      const { exitCode, stderr } = await stage.verb(0, ...ROLLBACK);
      assert.equal(exitCode, 3, stderr);
      assert.match(stderr, code);
      return stderr;
    };
    await stage.dropReturnDatabase();
    const [backup = ''] = globSync(`${stage.folder}/state/runs/*/backup`);
    renameSync(backup, `${backup}.away`);
    await refusedRollback(/nothing-to-go-back-to/);
    assert.deepEqual(await stage.look(), { ...serving, databases: ['toy', 'toy_template'] });
    renameSync(`${backup}.away`, backup);
    await stage.cluster.query('ALTER DATABASE toy RENAME TO toy_elsewhere');
    const told = await refusedRollback(/live-database-missing/);
    const [, cure = ''] = /psql -d postgres -c '(ALTER DATABASE "toy_elsewhere" [^']+)'/.exec(told) ?? [];
    await stage.cluster.query(cure);
    const { exitCode, stderr } = await stage.verb(0, ...ROLLBACK);
    assert.equal(exitCode, 0, stderr);
    assert.equal((await stage.look()).release, 'v1');
  });

  it('is not closed without a watch that passed or a typed reason', async () => {
    const refused = await stage.verb(0, 'finish', '--target', 'production', '--confirm', 'production');
    assert.equal(refused.exitCode, 3);
    assert.match(refused.stderr, /finish-early/);
    assert.match((await status()).stdout, /way back: OPEN/);
  });
});
