import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { testCluster } from 'pg-cluster/testing';
import { withClient } from '../../src/postgres/connection.ts';
import { findPrograms } from '../../src/postgres/programs.ts';
import { observeLocks } from '../../src/steps/observe-locks.ts';
import { commandKind, migrate } from '../../src/steps/run-command.ts';
import { planOn } from '../checks/check-context.ts';
import { stepContext } from '../services/step-context.ts';

const cluster = await testCluster();
const folder = mkdtempSync(path.join(tmpdir(), 'observe-'));
after(async () => {
  rmSync(folder, { recursive: true });
  await cluster.release();
});

/** A migration that holds its lock for a second, on the server's clock. */
const SQL = `BEGIN; ALTER TABLE orders ADD COLUMN x int; SELECT pg_sleep(1); COMMIT; UPDATE orders SET x = 1`;

test('the command of a rehearsal is seen holding its locks, whatever it calls itself; a live one is not looked at', async () => {
  const database = await cluster.createDatabase();
  await cluster.query('CREATE TABLE orders (id int); INSERT INTO orders VALUES (1)', [], database.database);
  const psql = path.join((await findPrograms()).directory, 'psql');
  const step = migrate({
    argv: [psql, '-X', '-q', '-c', SQL],
    env: { PGOPTIONS: '-c application_name=shop' },
  });
  const run = (runKind: 'rehearsal' | 'live') => {
    const plan = planOn(database);
    return commandKind.do(
      stepContext(step, { plan, runKind, runDirectory: folder, timeoutMs: 120_000 }),
      step.args,
    );
  };
  const { locks } = await run('rehearsal');
  const [lock, ...others] = locks as unknown as { relation: string; mode: string; heldMsMax: number }[];
  assert.deepEqual(others, []);
  assert.deepEqual([lock?.relation, lock?.mode], ['public.orders', 'AccessExclusiveLock']);
  // It slept for a second with the lock, on the server's clock: at most is not less.
  assert.ok((lock?.heldMsMax ?? 0) >= 1_000, `${lock?.heldMsMax} ms`);
  await cluster.query('ALTER TABLE orders DROP COLUMN x', [], database.database);
  assert.equal((await run('live')).locks, undefined);
});

test('a lock that is held twice counts by its longer time; sessions of before are not ours', async () => {
  const database = await cluster.createDatabase();
  await cluster.query('CREATE TABLE a (id int); CREATE TABLE b (id int)', [], database.database);
  await withClient(database, { applicationName: 'customer' }, async (customer) => {
    await customer.query('BEGIN; LOCK TABLE b IN SHARE MODE');
    const observation = await observeLocks(database);
    await withClient(database, { applicationName: 'migration' }, async (migration) => {
      for (const seconds of [1, 2])
        await migration.query(
          `BEGIN; LOCK TABLE a IN SHARE ROW EXCLUSIVE MODE; SELECT pg_sleep(${seconds}); COMMIT`,
        );
    });
    const held = await observation.stop();
    assert.deepEqual(
      held.map(({ relation, mode }) => [relation, mode]),
      [['public.a', 'ShareRowExclusiveLock']],
    );
    assert.ok((held[0]?.heldMsMax ?? 0) >= 2_000, `${held[0]?.heldMsMax} ms`);
    await customer.query('ROLLBACK');
  });
});
