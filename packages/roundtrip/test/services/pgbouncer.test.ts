import assert from 'node:assert/strict';
import { chownSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { createCluster, type PrivateCluster } from 'pg-cluster';
import {
  inspectPooled,
  type Pgbouncer,
  pauseDatabase,
  pointDatabaseAt,
  resumeDatabase,
} from '../../src/services/pgbouncer.ts';
import { withConsole } from '../../src/services/pgbouncer-console.ts';
import { freePort } from './free-port.ts';
import { type RealProgram, startProgram } from './real-program.ts';
import { daemonFolder, unprivileged } from './unprivileged.ts';

let cluster: PrivateCluster;
let program: RealProgram;
let pooler: Pgbouncer;
const folder = daemonFolder('pgbouncer');
const iniFile = path.join(folder, 'pgbouncer.ini');
const shop = { database: 'shop' };

function ini(backend: string): string {
  const server = `host=127.0.0.1 port=${cluster.port}`;
  return `[databases]
shop = ${server} dbname=${backend} pool_size=5
sticky = ${server} dbname=a pool_mode=session
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${pooler.port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${folder}/users.txt
admin_users = postgres
pool_mode = transaction
`;
}

async function client(database = 'shop'): Promise<pg.Client> {
  const { host, port, user } = pooler;
  const opened = new pg.Client({ host, port, user, database, password: cluster.password });
  opened.on('error', () => undefined);
  await opened.connect();
  return opened;
}

async function reaches(): Promise<string> {
  const asking = await client();
  try {
    return String((await asking.query('SELECT current_database()')).rows[0].current_database);
  } finally {
    await asking.end();
  }
}

before(async () => {
  cluster = await createCluster({ name: 'pgbouncer' });
  for (const database of ['a', 'b']) {
    await cluster.query(`CREATE DATABASE ${database}`);
    await cluster.query(
      'CREATE TABLE orders (id bigserial PRIMARY KEY, at timestamptz DEFAULT now())',
      [],
      database,
    );
  }
  const passwordFile = path.join(folder, 'pgpass');
  writeFileSync(passwordFile, `*:*:*:postgres:${cluster.password}\n`, { mode: 0o600 });
  writeFileSync(path.join(folder, 'users.txt'), `"postgres" "${cluster.password}"\n`);
  pooler = { host: '127.0.0.1', port: await freePort(), user: 'postgres', passwordFile, iniFile };
  writeFileSync(iniFile, ini('a'), { mode: 0o640 });
  const user = unprivileged();
  if (user !== undefined) chownSync(iniFile, user.uid, user.gid);
  const ready = () => inspectPooled(pooler, shop);
  program = await startProgram({ argv: ['pgbouncer', iniFile], ready, user });
});
after(async () => {
  await program.stop();
  await cluster.stop();
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  writeFileSync(iniFile, ini('a'));
  await withConsole(pooler, (console) => console.command('RELOAD'));
  await resumeDatabase(pooler, shop);
});

/** Clients that keep their sessions and place orders through the pooler without pause; an error ends the test. */
function writers(count: number) {
  const ended = new AbortController();
  const acknowledged: number[] = [];
  let longestGapMs = 0;
  const running = Array.from({ length: count }, async () => {
    const writing = await client();
    for (let lastMs = performance.now(); !ended.signal.aborted; ) {
      const { rows } = await writing.query('INSERT INTO orders DEFAULT VALUES RETURNING id');
      acknowledged.push(Number(rows[0].id));
      longestGapMs = Math.max(longestGapMs, performance.now() - lastMs);
      lastMs = performance.now();
    }
    await writing.end();
  });
  const stop = async () => {
    ended.abort();
    await Promise.all(running);
    return { acknowledged, longestGapMs };
  };
  return { acknowledged, stop };
}

/** What replication does in a real switch: the rows and the sequence are on the other side before it serves. */
async function carryOrders(): Promise<void> {
  const { rows } = await cluster.query('SELECT id FROM orders', [], 'a');
  const ids = rows.map(({ id }) => id);
  await cluster.query('INSERT INTO orders (id) SELECT unnest($1::bigint[])', [ids], 'b');
  await cluster.query("SELECT setval('orders_id_seq', (SELECT max(id) + 100 FROM orders))", [], 'b');
}

describe('the switch by PgBouncer', () => {
  it('gives writers no error and loses no acknowledged write', async (context) => {
    const writing = writers(6);
    while (writing.acknowledged.length < 200) await delay(10);
    await pauseDatabase(pooler, { ...shop, timeoutMs: 5_000 });
    const held = await inspectPooled(pooler, shop);
    assert.deepEqual([held.paused, held.serverSessions], [true, 0]);
    const atPause = writing.acknowledged.length;
    await carryOrders();
    const { before: from, now } = await pointDatabaseAt(pooler, { ...shop, backend: { database: 'b' } });
    assert.deepEqual([from.database, now.database], ['a', 'b']);
    assert.equal(writing.acknowledged.length, atPause, 'nobody wrote while paused');
    await resumeDatabase(pooler, shop);
    while (writing.acknowledged.length < atPause + 200) await delay(10);
    const { acknowledged, longestGapMs } = await writing.stop();
    context.diagnostic(`longest gap of a writer: ${Math.round(longestGapMs)} ms`);
    const { rows } = await cluster.query('SELECT id FROM orders', [], 'b');
    const there = new Set(rows.map(({ id }) => Number(id)));
    assert.deepEqual(
      acknowledged.filter((id) => !there.has(id)),
      [],
    );
    const { rows: late } = await cluster.query('SELECT count(*)::int AS n FROM orders', [], 'a');
    assert.equal(late[0].n, atPause, 'the old backend got nothing after the pause');
  });

  it('lets clients go on when a transaction outlasts the deadline', async () => {
    const slow = await client();
    await slow.query('BEGIN');
    await assert.rejects(pauseDatabase(pooler, { ...shop, timeoutMs: 300 }), {
      code: 'pgbouncer-not-paused',
    });
    assert.equal((await inspectPooled(pooler, shop)).paused, false);
    assert.equal(await reaches(), 'a');
    await slow.query('COMMIT');
    await slow.end();
  });

  it('lets clients go on when it is interrupted', async () => {
    const slow = await client();
    await slow.query('BEGIN');
    const interrupt = new AbortController();
    const pausing = pauseDatabase(pooler, { ...shop, timeoutMs: 30_000, signal: interrupt.signal });
    while (!(await inspectPooled(pooler, shop)).paused) await delay(10);
    interrupt.abort();
    await assert.rejects(pausing, { name: 'AbortError' });
    assert.equal(await reaches(), 'a');
    await slow.query('COMMIT');
    await slow.end();
  });

  it('can be settled after a kill at any point: paused, edited, reloaded', async () => {
    // Killed after PAUSE: the session that paused is gone, and clients are still held.
    await pauseDatabase(pooler, { ...shop, timeoutMs: 5_000 });
    assert.equal((await inspectPooled(pooler, shop)).paused, true);
    // Killed between the edit and its RELOAD.
    writeFileSync(iniFile, ini('b'));
    const between = await inspectPooled(pooler, shop);
    assert.deepEqual([between.pointsAt.database, between.fileSays.database], ['a', 'b']);
    for (const _twice of [1, 2]) await pauseDatabase(pooler, { ...shop, timeoutMs: 5_000 });
    for (const _twice of [1, 2]) await pointDatabaseAt(pooler, { ...shop, backend: { database: 'b' } });
    for (const _twice of [1, 2]) await resumeDatabase(pooler, shop);
    assert.equal(await reaches(), 'b');
    assert.equal((await inspectPooled(pooler, shop)).paused, false);
  });

  it('keeps the rights and all else of the file', async () => {
    const { mode, uid } = statSync(iniFile);
    await pointDatabaseAt(pooler, { ...shop, backend: { database: 'b' } });
    assert.equal(readFileSync(iniFile, 'utf8'), ini('b'));
    const now = statSync(iniFile);
    assert.deepEqual([now.mode, now.uid], [mode, uid]);
  });

  it('puts the file back when PgBouncer does not take it, though it answers RELOAD', async () => {
    const broken = ini('a').replace('sticky =', 'sticky = nonsense');
    const first = broken.replace(/^(shop = .*)\n(sticky .*)$/m, '$2\n$1');
    writeFileSync(iniFile, first);
    const pointing = pointDatabaseAt(pooler, { ...shop, backend: { database: 'b' } });
    await assert.rejects(pointing, { code: 'pgbouncer-not-pointed' });
    assert.equal(readFileSync(iniFile, 'utf8'), first);
    assert.equal(await reaches(), 'a');
  });
});

describe('PgBouncer is refused', () => {
  it('where it pools by session: PAUSE would wait for every client to leave', async () => {
    assert.equal((await inspectPooled(pooler, { database: 'sticky' })).poolMode, 'session');
    await assert.rejects(pauseDatabase(pooler, { database: 'sticky', timeoutMs: 5_000 }), {
      code: 'pgbouncer-session-pooling',
    });
  });

  it('where it offers no such database', async () => {
    await assert.rejects(inspectPooled(pooler, { database: 'absent' }), {
      code: 'pgbouncer-line-missing',
      message: /pgbouncer, shop, sticky/,
    });
  });

  it('where something else answers: PostgreSQL itself with a database of that name', async () => {
    await cluster.query('CREATE DATABASE pgbouncer');
    await assert.rejects(inspectPooled({ ...pooler, port: cluster.port }, shop), {
      code: 'pgbouncer-unknown',
    });
  });

  it('where nobody listens, naming the address and not the password', async () => {
    const port = await freePort();
    await assert.rejects(inspectPooled({ ...pooler, port }, shop), (error: Error & { code: string }) => {
      assert.equal(error.code, 'connection-failed');
      assert.match(error.message, new RegExp(`127.0.0.1:${port} as postgres`));
      return !error.message.includes(cluster.password);
    });
  });

  it('where a command is not known to it', async () => {
    await assert.rejects(
      withConsole(pooler, (console) => console.command('SHOW NONSENSE')),
      {
        code: 'pgbouncer-refused',
      },
    );
  });
});
