import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, test } from 'node:test';
import { testCluster } from 'pg-cluster/testing';
import { Refused } from '../../src/errors.ts';
import { findBackends, waitForNoBackends } from '../../src/postgres/backends.ts';
import { connect, withClient } from '../../src/postgres/connection.ts';
import { identify } from '../../src/postgres/identity.ts';
import { acquireAdvisoryLock } from '../../src/postgres/locks.ts';
import { readSequences } from '../../src/postgres/sequences.ts';

const cluster = await testCluster();
after(() => cluster.release());

test('a second operator is refused, and admitted once the first has gone', async () => {
  const address = await cluster.createDatabase();
  const first = await acquireAdvisoryLock(address, 'target shop');
  await assert.rejects(
    acquireAdvisoryLock(address, 'target shop'),
    (error) => error instanceof Refused && error.code === 'locked',
  );
  const other = await acquireAdvisoryLock(address, 'another target');
  await first.release();
  assert.equal(first.lost.aborted, false);
  const second = await acquireAdvisoryLock(address, 'target shop');
  await Promise.all([second.release(), other.release()]);
});

test('the loss of the session that holds the lock is noticed', async () => {
  const address = await cluster.createDatabase();
  const lock = await acquireAdvisoryLock(address, 'k');
  const lost = once(lock.lost, 'abort');
  await cluster.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1`, [
    address.database,
  ]);
  await lost;
  assert.match(String(lock.lost.reason), /lost/);
  const again = await acquireAdvisoryLock(address, 'k');
  await again.release();
  await lock.release();
});

test('our own surviving sessions are found by name and waited for', async () => {
  const address = await cluster.createDatabase();
  const survivor = await connect(address, { applicationName: 'roundtrip ab12 flush' });
  const running = survivor.query('SELECT pg_sleep(60)');
  running.catch(() => undefined);
  const options = { applicationName: 'roundtrip ab12 flush' };
  await withClient(address, options, async (client) => {
    let found = await findBackends(client, options);
    while (found[0]?.state !== 'active') found = await findBackends(client, options);
    assert.equal(found.length, 1, 'our own session is not one of them');
    assert.match(found[0].query, /pg_sleep/);
    await assert.rejects(waitForNoBackends(client, { ...options, terminate: false, timeoutMs: 50 }), {
      code: 'backend-stays',
    });
    await waitForNoBackends(client, { ...options, terminate: true, timeoutMs: 10_000 });
    assert.deepEqual(await findBackends(client, options), []);
  });
  await assert.rejects(running);
});

test('a server tells which cluster and database it is', async () => {
  const [a, b] = [await cluster.createDatabase(), await cluster.createDatabase()];
  const [one, two] = await Promise.all(
    [a, b].map((address) => withClient(address, { applicationName: 't' }, identify)),
  );
  assert.ok(one && two);
  assert.equal(one.systemIdentifier, two.systemIdentifier);
  assert.match(one.systemIdentifier, /^\d{15,20}$/);
  assert.notEqual(one.databaseOid, two.databaseOid);
  assert.equal(one.database, a.database);
  assert.equal(one.inRecovery, false);
  assert.ok(one.serverVersion >= 150000);
});

test('sequences are read by name, one that was never used as 0, one beyond 2^53 exactly', async () => {
  const address = await cluster.createDatabase();
  await cluster.query(
    `CREATE SEQUENCE fresh START 10; CREATE SEQUENCE "Used.Up"; SELECT setval('"Used.Up"', 9007199254740993)`,
    [],
    address.database,
  );
  const positions = await withClient(address, { applicationName: 't' }, readSequences);
  assert.deepEqual(positions, { 'public."Used.Up"': '9007199254740993', 'public.fresh': '0' });
});
