import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createCluster, type PrivateCluster } from 'pg-cluster';
import { type Client, connect, withClient } from '../../../src/postgres/connection.ts';
import { dropDatabase } from '../../../src/postgres/drop-database.ts';
import { closeDatabase, openDatabase } from '../../../src/postgres/fence.ts';
import {
  abandonCopy,
  drainTo,
  inspectReverse,
  type ReplicationStream,
  removeDdlGuard,
  resumeSwitch,
  type SwitchToCopyOptions,
  switchToCopy,
} from '../../../src/postgres/replication/index.ts';
import { detach } from '../../../src/postgres/replication/subscription.ts';
import { databaseOid } from '../../../src/postgres/switch.ts';
import { type BegunCopy, begunCopy } from './begun-copy.ts';
import { eventually } from './reverse-shop.ts';

let cluster: PrivateCluster;
let admin: Client;
const folder = mkdtempSync(path.join(tmpdir(), 'switch-faults-'));
before(async () => {
  cluster = await createCluster({
    name: 'faults',
    settings: {
      wal_retrieve_retry_interval: '200ms',
      max_prepared_transactions: '5',
      max_replication_slots: '40',
      max_wal_senders: '40',
      max_logical_replication_workers: '40',
      max_worker_processes: '60',
    },
  });
  admin = await connect(cluster.address(), { applicationName: 'faults test' });
});
after(async () => {
  await admin.end();
  await cluster.stop();
  rmSync(folder, { recursive: true, force: true });
});

const begun = (name: string): Promise<BegunCopy> => begunCopy(cluster, { folder, name });

/** The old database takes orders under the live name, and they arrive on the copy. */
async function oldServes({ shop, options }: BegunCopy): Promise<void> {
  assert.equal(await databaseOid(admin, shop.live.database), options.begun.sourceOid);
  const { rows } = await shop.onLive(
    `INSERT INTO orders (user_id, note) VALUES (1, 'served') RETURNING id::text`,
  );
  await eventually(
    async () =>
      (await cluster.query('SELECT FROM orders WHERE id = $1', [rows[0].id], options.copyDatabase))
        .rowCount === 1,
    'the copy is in step',
  );
}

/** The new database takes orders under the live name, and the way back carries them. */
async function newServes({ shop, options }: BegunCopy, reverse: ReplicationStream): Promise<void> {
  assert.equal(await databaseOid(admin, shop.live.database), options.begun.copyOid);
  await shop.onLive(`INSERT INTO orders (user_id, note) VALUES (1, 'served')`);
  const back = { ...shop.live, database: options.returnDatabase };
  await withClient(shop.live, { applicationName: 't' }, (publisher) =>
    withClient(back, { applicationName: 't' }, (subscriber) =>
      drainTo({ publisher, subscriber }, reverse, { timeoutMs: 20_000 }),
    ),
  );
  assert.equal((await inspectReverse({ live: shop.live, return: back }, reverse)).verdict, 'open');
}

/** Lets DDL through that the server would refuse: by a superuser who removes the guard. */
async function withoutGuard({ shop }: BegunCopy): Promise<void> {
  await withClient(shop.live, { applicationName: 't' }, removeDdlGuard);
}

/** Does something at one mark of the switch. */
function at(mark: string, work: () => Promise<unknown>): SwitchToCopyOptions['journal'] {
  return async (reached) => {
    if (reached === mark) await work();
  };
}

test('a return name that is taken is refused before anything is closed', async () => {
  const copy = await begun('taken');
  await admin.query(`CREATE DATABASE ${copy.options.returnDatabase}`);
  const marks: string[] = [];
  const journal = async (mark: string) => void marks.push(mark);
  await assert.rejects(switchToCopy({ ...copy.options, journal }), { code: 'database-exists' });
  assert.deepEqual(marks, []);
  await oldServes(copy);
});

test('a return name that is taken behind the fence opens the old database again', async () => {
  const copy = await begun('taken_late');
  const { returnDatabase } = copy.options;
  const journal = at('fenced', () => admin.query(`CREATE DATABASE ${returnDatabase}`));
  await assert.rejects(switchToCopy({ ...copy.options, journal }), { code: 'database-exists' });
  await oldServes(copy);
  await dropDatabase(admin, returnDatabase, { mustNotBe: [] });
  await newServes(copy, (await switchToCopy(copy.options)).reverse);
});

for (const side of ['copy', 'old'] as const) {
  test(`a prepared transaction on the ${side} database opens the old database again`, async (t) => {
    const copy = await begun(`prepared_${side}`);
    const database = side === 'copy' ? copy.options.copyDatabase : copy.shop.live.database;
    const prepare = async () => {
      const client = await connect(cluster.address(database), { applicationName: 'two-phase' });
      await client.query(`BEGIN; UPDATE products SET name = 'x'; PREPARE TRANSACTION 'of ${side}'`);
      await client.end();
    };
    const settle = () => cluster.query(`ROLLBACK PREPARED 'of ${side}'`, [], database).catch(() => undefined);
    t.after(settle);
    // Earlier than that, making the slot of the way back would have waited for it.
    await assert.rejects(switchToCopy({ ...copy.options, journal: at('fencing', prepare) }), {
      code: 'prepared-transactions',
    });
    await oldServes(copy);
    await settle();
    await newServes(copy, (await switchToCopy(copy.options)).reverse);
  });
}

test('trap: a rename that somebody holds up ends with the time limit of the fence', {
  timeout: 60_000,
}, async () => {
  const copy = await begun('held');
  const holder = await connect(cluster.address(), { applicationName: 'holder' });
  const journal = at('fenced', () =>
    holder.query(`BEGIN; COMMENT ON DATABASE ${copy.shop.live.database} IS 'being described'`),
  );
  await assert.rejects(switchToCopy({ ...copy.options, fenceTimeoutMs: 2_000, journal }), {
    code: 'rename-failed',
  });
  await oldServes(copy);
  await holder.end();
  await newServes(copy, (await switchToCopy(copy.options)).reverse);
});

test('the time limit of the fence counts until the first rename', async () => {
  const copy = await begun('limit');
  const journal = at('fenced', () => delay(1_600));
  await assert.rejects(switchToCopy({ ...copy.options, fenceTimeoutMs: 1_500, journal }), {
    code: 'fence-too-long',
  });
  await oldServes(copy);
});

for (const [mark, serving] of [
  ['fencing', 'old'],
  ['fenced', 'old'],
  ['retired', 'old'],
  ['renamed', 'new'],
] as const) {
  const faults = {
    'the session of the switch is lost': () =>
      admin.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'roundtrip switch%'`,
      ),
    'the journal cannot be written': () => Promise.reject(new Error('disk full')),
  };
  for (const [fault, [name, work]] of Object.entries(faults).map(
    ([title, act], index) => [title, [`fault_${mark}_${index}`, act]] as const,
  )) {
    test(`trap: ${fault} at "${mark}": the ${serving} database serves`, { timeout: 60_000 }, async () => {
      const copy = await begun(name);
      let reverse: ReplicationStream | undefined;
      await assert.rejects(
        switchToCopy({
          ...copy.options,
          journal: async (reached, stream) => {
            reverse = stream ?? reverse;
            if (reached === mark) await work();
          },
        }),
      );
      if (serving === 'old') {
        await oldServes(copy);
        await newServes(copy, (await switchToCopy(copy.options)).reverse);
        return;
      }
      await copy.shop.onLive(`INSERT INTO orders (user_id, note) VALUES (1, 'before the way back')`);
      const settled = await resumeSwitch(copy.options, reverse);
      assert.ok(settled.serving === 'new');
      await newServes(copy, settled.reverse);
    });
  }
}

test('trap: the session of the switch is lost while it renames: the old database serves', async () => {
  const copy = await begun('lost_renaming');
  const holder = await connect(cluster.address(), { applicationName: 'holder' });
  const journal = at('fenced', () =>
    holder.query(`BEGIN; COMMENT ON DATABASE ${copy.shop.live.database} IS 'being described'`),
  );
  const switching = assert.rejects(switchToCopy({ ...copy.options, journal }));
  await eventually(
    async () =>
      (
        await admin.query(
          `SELECT pg_terminate_backend(a.pid) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
           WHERE NOT l.granted AND a.application_name LIKE 'roundtrip switch%'`,
        )
      ).rowCount !== 0,
    'the rename waits, and is ended',
  );
  await switching;
  await oldServes(copy);
  await holder.end();
  await newServes(copy, (await switchToCopy(copy.options)).reverse);
});

test('trap: a rename of a killed process that still runs cannot come after the settling', async () => {
  const copy = await begun('surviving');
  const { shop, options } = copy;
  await closeDatabase(admin, shop.live.database, { timeoutMs: 10_000 });
  const holder = await connect(cluster.address(), { applicationName: 'holder' });
  await holder.query(`BEGIN; COMMENT ON DATABASE ${shop.live.database} IS 'being described'`);
  const survivor = await connect(cluster.address(), {
    applicationName: `roundtrip switch ${options.begun.stream.name}`,
  });
  const renaming = survivor.query(`ALTER DATABASE ${shop.live.database} RENAME TO ${options.returnDatabase}`);
  renaming.catch(() => undefined);
  await eventually(
    async () => (await admin.query('SELECT FROM pg_locks WHERE NOT granted')).rowCount === 1,
    'the rename waits',
  );
  assert.equal((await resumeSwitch(options, undefined)).serving, 'old');
  await holder.end();
  await assert.rejects(renaming);
  await oldServes(copy);
});

test('an exchange that is half done and cannot be completed is taken back, with the reason', async (t) => {
  const copy = await begun('taken_back');
  const { shop, options } = copy;
  const client = await connect(cluster.address(options.copyDatabase), { applicationName: 'two-phase' });
  await client.query(`BEGIN; UPDATE products SET name = 'x'; PREPARE TRANSACTION 'in the way'`);
  await client.end();
  t.after(() => cluster.query(`ROLLBACK PREPARED 'in the way'`, [], options.copyDatabase));
  // As a switch that was killed between its renames leaves it.
  await assert.rejects(closeDatabase(admin, options.copyDatabase, { timeoutMs: 10_000 }), {
    code: 'prepared-transactions',
  });
  await closeDatabase(admin, shop.live.database, { timeoutMs: 10_000 });
  await admin.query(`ALTER DATABASE ${shop.live.database} RENAME TO ${options.returnDatabase}`);
  const settled = await resumeSwitch(options, { ...options.begun.stream, name: options.reverseName });
  assert.ok(settled.serving === 'old');
  assert.match(settled.because ?? '', /prepared transactions in live\d+_copy: in the way/);
  await oldServes(copy);
});

test('a new database that serves without a reverse stream in the journal is for a human', async () => {
  const { options } = await begun('unnoted');
  await switchToCopy(options);
  await assert.rejects(resumeSwitch(options, undefined), { code: 'switch-unclear' });
});

test('trap: a new schema that the way back cannot follow is refused before anything is closed', async () => {
  const copy = await begun('reverse_preflight');
  const onCopy = (text: string) => cluster.query(text, [], copy.options.copyDatabase);
  await onCopy('ALTER TABLE order_items DROP CONSTRAINT order_items_pkey');
  const marks: string[] = [];
  const journal = async (mark: string) => void marks.push(mark);
  await assert.rejects(
    switchToCopy({ ...copy.options, journal }),
    (error) =>
      (error as { code?: string }).code === 'replication-refused' &&
      /order_items has no replica identity/.test((error as Error).message),
  );
  assert.deepEqual(marks, []);
  await onCopy('ALTER TABLE order_items ADD PRIMARY KEY (id)');
  await oldServes(copy);
  await newServes(copy, (await switchToCopy(copy.options)).reverse);
});

test('columns that were added to the copy after a failed attempt flow back, not those of the attempt', async () => {
  const copy = await begun('columns');
  await assert.rejects(
    switchToCopy({ ...copy.options, journal: () => Promise.reject(new Error('disk full')) }),
    /disk full/,
  );
  const both = (text: string) =>
    Promise.all([copy.shop.onLive(text), cluster.query(text, [], copy.options.copyDatabase)]);
  await withoutGuard(copy);
  await both('ALTER TABLE orders ADD channel text');
  const { described: _, ...options } = copy.options;
  const { reverse } = await switchToCopy(options);
  await copy.shop.onLive(`INSERT INTO orders (user_id, channel) VALUES (1, 'app')`);
  await eventually(
    async () =>
      (await cluster.query(`SELECT FROM orders WHERE channel = 'app'`, [], copy.options.returnDatabase))
        .rowCount === 1,
    'the column flows back',
  );
  await newServes(copy, reverse);
});

test('trap: DDL after the last look and before the fence is seen behind the fence', async () => {
  const copy = await begun('late_ddl');
  const journal = at('fencing', async () => {
    await withoutGuard(copy);
    await copy.shop.onLive('ALTER TABLE orders ADD late text');
  });
  await assert.rejects(switchToCopy({ ...copy.options, journal }), { code: 'schema-drifted' });
  await copy.shop.onLive('ALTER TABLE orders DROP late');
  await oldServes(copy);
});

test('trap: a copy that a killed switch left closed can be abandoned, and production serves', async () => {
  const copy = await begun('abandon');
  const { shop, options } = copy;
  for (const database of [options.copyDatabase, shop.live.database])
    await closeDatabase(admin, database, { timeoutMs: 10_000 });
  await abandonCopy(options, options.begun.stream, { timeoutMs: 20_000 });
  assert.equal(await databaseOid(admin, options.copyDatabase), undefined);
  await shop.onLive('INSERT INTO orders (user_id) VALUES (1)');
  const { rows } = await shop.onLive(
    `SELECT (SELECT count(*)::int FROM pg_replication_slots WHERE slot_name = $1) AS slots, (SELECT count(*)::int FROM pg_publication) AS publications,
            (SELECT count(*)::int FROM pg_event_trigger) AS triggers, (SELECT count(*)::int FROM pg_namespace WHERE nspname = 'roundtrip') AS schemas`,
    [options.begun.stream.slot],
  );
  assert.deepEqual(rows[0], { slots: 0, publications: 0, triggers: 0, schemas: 0 });
});

test('a copy whose DROP DATABASE was cut off is dropped again, and nothing of it is left', async () => {
  const copy = await begun('half_dropped');
  const { shop, options } = copy;
  const { stream } = options.begun;
  await withClient({ ...shop.live, database: options.copyDatabase }, { applicationName: 't' }, (client) =>
    detach(client, stream, { timeoutMs: 20_000 }),
  );
  // What PostgreSQL writes first; a session that ends here leaves the rest undone.
  await admin.query('UPDATE pg_database SET datconnlimit = -2 WHERE datname = $1', [options.copyDatabase]);
  await abandonCopy(options, stream, { timeoutMs: 20_000 });
  assert.equal(await databaseOid(admin, options.copyDatabase), undefined);
  const { rowCount } = await shop.onLive('SELECT FROM pg_replication_slots WHERE slot_name = $1', [
    stream.slot,
  ]);
  assert.equal(rowCount, 0);
});

test('a copy is not abandoned in the middle of an exchange, nor once it serves', async () => {
  const copy = await begun('abandon_late');
  const { shop, options } = copy;
  await closeDatabase(admin, options.copyDatabase, { timeoutMs: 10_000 });
  await closeDatabase(admin, shop.live.database, { timeoutMs: 10_000 });
  // The walsender and the worker are gone by now: the names can be moved.
  await admin.query(`ALTER DATABASE ${shop.live.database} RENAME TO ${options.returnDatabase}`);
  await assert.rejects(abandonCopy(options, options.begun.stream, { timeoutMs: 20_000 }), {
    code: 'switch-halfway',
  });
  assert.equal(await databaseOid(admin, options.copyDatabase), options.begun.copyOid);
  await admin.query(`ALTER DATABASE ${options.returnDatabase} RENAME TO ${shop.live.database}`);
  assert.equal((await resumeSwitch(options, undefined)).serving, 'old');
  const { reverse } = await switchToCopy(options);
  await assert.rejects(
    abandonCopy(options, options.begun.stream, { timeoutMs: 20_000, begun: options.begun }),
    { code: 'copy-is-live' },
  );
  // By its names alone it cannot be told; the stream of the way back is left in peace all the same.
  await abandonCopy(options, options.begun.stream, { timeoutMs: 20_000 });
  await newServes(copy, reverse);
  await withClient({ ...shop.live, database: options.returnDatabase }, { applicationName: 't' }, (back) =>
    openDatabase(back, options.returnDatabase),
  );
});
