import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createCluster, type PrivateCluster } from 'pg-cluster';
import { Failed } from '../../../src/errors.ts';
import { connect, withClient } from '../../../src/postgres/connection.ts';
import { compareAtOnePoint } from '../../../src/postgres/replication/compare-at-one-point.ts';
import {
  armReverse,
  compareSides,
  drainTo,
  openStreamSessions,
} from '../../../src/postgres/replication/index.ts';
import { insistentWriters } from './insistent-writers.ts';
import { eventually, PROTECTED, type ReverseShop, reverseShop } from './reverse-shop.ts';

let publisher: PrivateCluster;
let subscriber: PrivateCluster;
before(async () => {
  publisher = await createCluster({ name: 'drain-a' });
  // Nothing is flushed by itself for ten seconds: what survives a crash was made to.
  subscriber = await createCluster({
    name: 'drain-b',
    settings: {
      wal_writer_delay: '10s',
      wal_writer_flush_after: '1GB',
      wal_retrieve_retry_interval: '200ms',
    },
  });
});
after(async () => {
  await publisher.stop();
  await subscriber.stop();
});

async function armed(name: string) {
  const shop = await reverseShop(publisher, subscriber);
  const { stream } = await armReverse({ ...shop, tables: PROTECTED, name, timeoutMs: 20_000 });
  return { shop, stream };
}

function both<T>(
  shop: ReverseShop,
  work: (sessions: {
    publisher: Parameters<typeof drainTo>[0]['publisher'];
    subscriber: Parameters<typeof drainTo>[0]['subscriber'];
  }) => Promise<T>,
): Promise<T> {
  return withClient(shop.live, { applicationName: 't' }, (from) =>
    withClient(shop.return, { applicationName: 't' }, (to) => work({ publisher: from, subscriber: to })),
  );
}

test('trap: a drain does not end before the last change is applied', async () => {
  const { shop, stream } = await armed('waits');
  await withClient(shop.return, { applicationName: 'lock' }, async (lock) => {
    await lock.query('BEGIN');
    await lock.query('LOCK TABLE orders IN ACCESS EXCLUSIVE MODE');
    await shop.onLive(`INSERT INTO orders (user_id, note) VALUES (1, 'behind the lock')`);
    await both(shop, async (sessions) => {
      let ended = false;
      const draining = drainTo(sessions, stream, { timeoutMs: 20_000 }).finally(() => {
        ended = true;
      });
      await delay(300);
      assert.equal(ended, false);
      await lock.query('COMMIT');
      await draining;
      assert.equal(
        (await shop.onReturn(`SELECT count(*)::int AS n FROM orders WHERE note = 'behind the lock'`)).rows[0]
          .n,
        1,
      );
    });
  });
});

test('a drain has a deadline and says how far behind the stream is', async () => {
  const { shop, stream } = await armed('deadline');
  await withClient(shop.return, { applicationName: 'lock' }, async (lock) => {
    await lock.query('BEGIN');
    await lock.query('LOCK TABLE orders IN ACCESS EXCLUSIVE MODE');
    await shop.onLive(`INSERT INTO orders (user_id) VALUES (1)`);
    await both(shop, (sessions) =>
      assert.rejects(drainTo(sessions, stream, { timeoutMs: 300 }), (error) => {
        assert.ok(error instanceof Failed && error.code === 'drain-timed-out');
        assert.match(error.seen, /stream deadline is \d+ bytes behind after 300 ms/);
        return true;
      }),
    );
  });
});

test('what was drained survives a crash of the subscriber', async () => {
  const { shop, stream } = await armed('durable');
  for (let round = 1; round <= 3; round += 1) {
    await shop.onLive(
      `INSERT INTO orders (user_id, note) SELECT 1, 'round ${round}' FROM generate_series(1, 50)`,
    );
    await both(shop, (sessions) => drainTo(sessions, stream, { timeoutMs: 20_000 }));
    // The publisher is gone for good, as it is after a switch: nobody sends anything again.
    await publisher.query(`ALTER DATABASE ${shop.live.database} ALLOW_CONNECTIONS false`);
    await subscriber.crash();
    await subscriber.start();
    assert.equal(
      (await shop.onReturn(`SELECT count(*)::int AS n FROM orders WHERE note = 'round ${round}'`)).rows[0].n,
      50,
    );
    await publisher.query(`ALTER DATABASE ${shop.live.database} ALLOW_CONNECTIONS true`);
  }
});

test('sides are compared at one point while customers write, and differ when a row was touched', async () => {
  const { shop, stream } = await armed('onepoint');
  const writers = insistentWriters(publisher, shop.live.database, 4);
  try {
    await eventually(async () => writers.acknowledged.length > 50, 'orders come in');
    const sessions = await openStreamSessions({ publisher: shop.live, subscriber: shop.return }, stream, {
      timeoutMs: 20_000,
    });
    try {
      for (let time = 0; time < 5; time += 1) {
        const compared = await compareAtOnePoint(sessions, stream, { lockTimeoutMs: 10_000 });
        assert.deepEqual(compared.differing, []);
        assert.deepEqual(compared.broken, []);
      }
      await shop.onReturn(`UPDATE users SET email = 'touched' WHERE id = 3`);
      assert.deepEqual((await compareAtOnePoint(sessions, stream, { lockTimeoutMs: 10_000 })).differing, [
        'public.users',
      ]);
      assert.deepEqual(
        (await compareSides(sessions.publishers, sessions.subscribers, stream.tables.slice(0, 1))).differing,
        ['public.users'],
      );
    } finally {
      await sessions.end();
    }
  } finally {
    await writers.stop();
  }
});

test('tables that somebody holds are not waited for without end', async () => {
  const { shop, stream } = await armed('busy');
  await withClient(shop.live, { applicationName: 'long' }, async (long) => {
    await long.query('BEGIN');
    await long.query('UPDATE users SET email = email WHERE id = 1');
    const sessions = await openStreamSessions({ publisher: shop.live, subscriber: shop.return }, stream, {
      timeoutMs: 20_000,
    });
    try {
      await assert.rejects(compareAtOnePoint(sessions, stream, { lockTimeoutMs: 200 }), {
        code: 'tables-busy',
      });
      await shop.onLive('INSERT INTO orders (user_id) VALUES (1)');
    } finally {
      await sessions.end();
    }
  });
});

test('a session that is lost under the lock of the comparison lets customers go on, and the comparison fails', async () => {
  const { shop, stream } = await armed('lost_lock');
  const sessions = await openStreamSessions({ publisher: shop.live, subscriber: shop.return }, stream, {
    timeoutMs: 20_000,
  });
  const holder = await connect(shop.return, { applicationName: 'holder' });
  try {
    await holder.query('BEGIN; LOCK TABLE roundtrip.replication_marker IN SHARE MODE');
    const comparing = assert.rejects(
      compareAtOnePoint(sessions, stream, { lockTimeoutMs: 15_000 }),
      /terminat|Connection|not queryable/,
    );
    await eventually(
      async () =>
        (
          await publisher.query(
            `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE relation = 'orders'::regclass AND mode = 'ShareLock' AND granted`,
            [],
            shop.live.database,
          )
        ).rowCount !== 0,
      'the tables are locked, and the session ended',
    );
    await shop.onLive('INSERT INTO orders (user_id) VALUES (1)');
    await holder.query('COMMIT');
    await comparing;
  } finally {
    await holder.end();
    await sessions.end();
  }
});
