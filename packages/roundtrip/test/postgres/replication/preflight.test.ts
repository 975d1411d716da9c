import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createCluster, type PrivateCluster } from 'pg-cluster';
import { withClient } from '../../../src/postgres/connection.ts';
import {
  armReverse,
  carrySequences,
  inspectReverse,
  replicationPreflight,
} from '../../../src/postgres/replication/index.ts';
import { eventually, PROTECTED, reverseShop } from './reverse-shop.ts';

let cluster: PrivateCluster;
before(async () => {
  cluster = await createCluster({
    name: 'preflight',
    settings: { max_slot_wal_keep_size: '2MB', max_wal_size: '32MB', min_wal_size: '32MB' },
  });
});
after(() => cluster.stop());

async function findings(on: PrivateCluster, live: string, back: string, tables: readonly string[]) {
  return withClient(on.address(live), { applicationName: 't' }, (publisher) =>
    withClient(on.address(back), { applicationName: 't' }, (subscriber) =>
      replicationPreflight({ publisher, subscriber, tables }),
    ),
  );
}

test('trap: what a table lacks is named with its cure', async () => {
  await cluster.query('CREATE DATABASE a');
  await cluster.query('CREATE DATABASE b');
  const both = async (text: string) => {
    await cluster.query(text, [], 'a');
    await cluster.query(text, [], 'b');
  };
  await both(`CREATE TABLE keyless (id int); CREATE UNLOGGED TABLE fast (id int PRIMARY KEY); CREATE TABLE fine (id int PRIMARY KEY, v text);
    CREATE TABLE other_key (id int PRIMARY KEY); CREATE TABLE required (id int PRIMARY KEY); CREATE TABLE wider (id int PRIMARY KEY, g int GENERATED ALWAYS AS (id * 2) STORED);
    CREATE TABLE "Full.Identity" (v text); ALTER TABLE "Full.Identity" REPLICA IDENTITY FULL`);
  await cluster.query(
    'ALTER TABLE other_key RENAME id TO key; ALTER TABLE wider ADD extra text; CREATE TABLE alone (id int PRIMARY KEY)',
    [],
    'a',
  );
  await cluster.query(
    'ALTER TABLE required ADD must int NOT NULL, ADD may int, ADD has int NOT NULL DEFAULT 1',
    [],
    'b',
  );
  const tables = ['keyless', 'fast', 'fine', 'other_key', 'required', 'wider', 'alone', '"Full.Identity"'];
  const found = (await findings(cluster, 'a', 'b', tables)).map(
    ({ code, severity, seen }) => `${severity} ${code}: ${seen}`,
  );
  const expected = [
    /refusal no-replica-identity: public\.keyless/,
    /refusal table-unlogged: public\.fast/,
    /refusal identity-column-missing: key of public\.other_key/,
    /refusal column-unfilled: must of public\.required/,
    /refusal table-missing: no table public\.alone in b/,
    /warning columns-left-out: the other side of public\.wider has no extra/,
    /warning subscriber-without-key: public\.keyless/,
    /warning subscriber-without-key: public\."Full\.Identity"/,
  ];
  for (const pattern of expected)
    assert.equal(found.filter((line) => pattern.test(line)).length, 1, `${pattern} in ${found.join('\n')}`);
  assert.equal(
    found.some((line) => /fine/.test(line)),
    false,
  );
  // The trap itself: published without identity, the table can no longer be updated.
  await cluster.query('CREATE PUBLICATION trap FOR TABLE keyless', [], 'a');
  await cluster.query('INSERT INTO keyless VALUES (1)', [], 'a');
  await assert.rejects(
    cluster.query('UPDATE keyless SET id = 2', [], 'a'),
    /does not have a replica identity/,
  );
});

test('trap: a trigger that fires on what a stream applies is refused', async () => {
  await cluster.query('CREATE DATABASE firing');
  await cluster.query(
    `CREATE TABLE "Line" (id int) PARTITION BY LIST (id); CREATE TABLE line_1 PARTITION OF "Line" FOR VALUES IN (1);
     CREATE TABLE quiet (id int PRIMARY KEY);
     CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
     CREATE TRIGGER each_line AFTER INSERT ON "Line" FOR EACH ROW EXECUTE FUNCTION f();
     CREATE TRIGGER "On Part" AFTER INSERT ON line_1 FOR EACH ROW EXECUTE FUNCTION f();
     CREATE TRIGGER ordinary AFTER INSERT ON quiet FOR EACH ROW EXECUTE FUNCTION f();
     ALTER TABLE "Line" ENABLE ALWAYS TRIGGER each_line; ALTER TABLE line_1 ENABLE REPLICA TRIGGER "On Part"`,
    [],
    'firing',
  );
  const found = (await findings(cluster, 'firing', 'firing', ['"Line"', 'quiet'])).filter(
    ({ code }) => code === 'trigger-fires-on-replica',
  );
  assert.deepEqual(found.map(({ seen }) => seen.split(':')[0]).sort(), [
    'trigger "On Part" of line_1 is enabled REPLICA',
    'trigger each_line of "Line" is enabled ALWAYS',
    'trigger each_line of line_1 is enabled ALWAYS',
  ]);
});

test('trap: a stream that would loop is refused', async () => {
  const shop = await reverseShop(cluster);
  const { stream } = await armReverse({ ...shop, tables: PROTECTED, name: 'forward', timeoutMs: 20_000 });
  // The same two databases the other way round.
  await assert.rejects(
    armReverse({
      live: shop.return,
      return: shop.live,
      tables: PROTECTED,
      name: 'backward',
      timeoutMs: 20_000,
    }),
    /subscription roundtrip_forward writes to the same tables/,
  );
  assert.equal((await inspectReverse(shop, stream)).verdict, 'open');
});

test('a server that cannot replicate says what to set, and a role what it lacks', async () => {
  const small = await createCluster({
    name: 'small',
    settings: {
      wal_level: 'replica',
      max_wal_senders: '0',
      max_replication_slots: '0',
      max_logical_replication_workers: '0',
    },
  });
  try {
    const codes = (await findings(small, 'postgres', 'postgres', [])).map(({ code }) => code);
    assert.deepEqual(codes.sort(), [
      'no-free-origin',
      'no-free-slot',
      'no-free-wal-sender',
      'no-free-worker',
      'slot-uncapped',
      'wal-level',
    ]);
    await small.query(`CREATE ROLE plain LOGIN PASSWORD 'x'`);
    await withClient(small.address(), { applicationName: 't' }, async (client) => {
      await client.query('SET ROLE plain');
      const privileges = (
        await replicationPreflight({ publisher: client, subscriber: client, tables: [] })
      ).map(({ code }) => code);
      assert.ok(
        privileges.includes('replication-privilege') && privileges.includes('subscription-privilege'),
      );
    });
  } finally {
    await small.stop();
  }
});

test('trap: a slot that nobody reads is at risk, then lost, and the way back closed: it never fills the disk', async () => {
  const shop = await reverseShop(cluster);
  const { stream } = await armReverse({ ...shop, tables: PROTECTED, name: 'forgotten', timeoutMs: 20_000 });
  await shop.onReturn('ALTER SUBSCRIPTION roundtrip_forgotten DISABLE');
  const verdict = async () => (await inspectReverse(shop, stream)).verdict;
  await eventually(async () => (await verdict()) === 'at-risk', 'at risk while disabled');
  await cluster.query('CREATE TABLE filler (t text)');
  await eventually(async () => {
    await cluster.query(`INSERT INTO filler SELECT repeat('x', 1000) FROM generate_series(1, 20000)`);
    await cluster.query('SELECT pg_switch_wal()');
    await cluster.query('CHECKPOINT');
    return (await verdict()) === 'closed';
  }, 'closed once the WAL is gone');
  assert.match((await inspectReverse(shop, stream)).reasons.join(), /was removed/);
});

test('trap: sequences are moved on with a margin and never back', async () => {
  await cluster.query('CREATE DATABASE s1');
  await cluster.query('CREATE DATABASE s2');
  const schema = `CREATE SEQUENCE behind; CREATE SEQUENCE ahead; CREATE SEQUENCE fresh; CREATE SEQUENCE "Down.Ward" INCREMENT -2; CREATE SEQUENCE tens INCREMENT 10;
    CREATE SEQUENCE tiny MAXVALUE 120`;
  await cluster.query(
    `${schema}; SELECT setval('behind', 500), setval('ahead', 5), setval('"Down.Ward"', -50), setval('tens', 31); CREATE SEQUENCE only_here; SELECT nextval('only_here')`,
    [],
    's1',
  );
  await cluster.query(`${schema}; SELECT setval('ahead', 9000), setval('tens', 11)`, [], 's2');
  const carry = () =>
    withClient(cluster.address('s1'), { applicationName: 't' }, (from) =>
      withClient(cluster.address('s2'), { applicationName: 't' }, (to) =>
        carrySequences({ from, to, margin: 10 }),
      ),
    );
  assert.deepEqual(await carry(), [
    { sequence: 'public."Down.Ward"', before: '-1', after: '-70' },
    { sequence: 'public.behind', before: '1', after: '510' },
    { sequence: 'public.tens', before: '11', after: '131' },
  ]);
  assert.deepEqual(await carry(), []);
  const { rows } = await cluster.query(
    `SELECT nextval('behind')::int AS b, nextval('ahead')::int AS a, nextval('fresh')::int AS f, nextval('"Down.Ward"')::int AS d`,
    [],
    's2',
  );
  assert.deepEqual(rows[0], { b: 511, a: 9001, f: 1, d: -72 });
  // No room for the margin: as far as it was drawn.
  await cluster.query(`SELECT setval('tiny', 115)`, [], 's1');
  assert.deepEqual(await carry(), [{ sequence: 'public.tiny', before: '1', after: '115' }]);
  await cluster.query(`ALTER SEQUENCE tiny MAXVALUE 200; SELECT setval('tiny', 121)`, [], 's1');
  await assert.rejects(carry(), { code: 'sequence-exhausted' });
});

test('trap: a sequence that was set and not drawn from since is where it was set to', async () => {
  const database = async (name: string, sets: string) => {
    await cluster.query(`CREATE DATABASE ${name}`);
    await cluster.query(
      `CREATE SEQUENCE imported; CREATE SEQUENCE ranged; CREATE SEQUENCE fresh; ${sets}`,
      [],
      name,
    );
    return cluster.address(name);
  };
  // Rows came with ids of their own; the migration has begun a range of numbers of its own.
  const from = await database('s3', "SELECT setval('imported', 5000, false), setval('ranged', 70)");
  const to = await database(
    's4',
    "SELECT setval('imported', 60); ALTER SEQUENCE ranged RESTART WITH 1000000",
  );
  const carried = await withClient(from, { applicationName: 't' }, (ours) =>
    withClient(to, { applicationName: 't' }, (theirs) =>
      carrySequences({ from: ours, to: theirs, margin: 10 }),
    ),
  );
  assert.deepEqual(carried, [{ sequence: 'public.imported', before: '60', after: '5009' }]);
  const { rows } = await cluster.query("SELECT nextval('ranged')::int AS next", [], to.database);
  assert.deepEqual(rows, [{ next: 1_000_000 }]);
});

test('what customers can write and the other side does not take is named before one of them does', async () => {
  const sides = ['new_side', 'old_side'] as const;
  for (const name of sides) {
    await cluster.query(`CREATE DATABASE ${name}`);
    await cluster.query(
      `CREATE TYPE status AS ENUM ('new', 'paid');
       CREATE TABLE same (id int PRIMARY KEY, kind varchar(9) CHECK (kind IN ('a', 'b')), status status);
       CREATE TABLE loosened (id int PRIMARY KEY, status status, code varchar(9) UNIQUE, note text NOT NULL, price int CHECK (price > 0))`,
      [],
      name,
    );
  }
  await cluster.query(
    `ALTER TYPE status ADD VALUE 'shipped';
     ALTER TABLE loosened ALTER code TYPE varchar(99), ALTER note DROP NOT NULL, DROP CONSTRAINT loosened_code_key, DROP CONSTRAINT loosened_price_check`,
    [],
    'new_side',
  );
  const seen = async (live: string, back: string, table: string) =>
    (await findings(cluster, live, back, [table]))
      .filter(({ code }) => code === 'other-side-stricter')
      .map((finding) => finding.seen);
  const [stricter = ''] = await seen('new_side', 'old_side', 'loosened');
  for (const part of [
    'status does not know shipped',
    'code is character varying(9) there',
    'note must have a value',
    'UNIQUE USING btree (code)',
    'CHECK ((price > 0))',
  ])
    assert.ok(stricter.includes(part), `${part}: ${stricter}`);
  assert.match(
    (await seen('new_side', 'old_side', 'same')).join(),
    /^public.same of old_side takes less: status/,
  );
  assert.deepEqual(await seen('old_side', 'new_side', 'same'), []);
});
