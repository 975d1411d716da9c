import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import path from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { customersWrite, keepOrdering, type Ordering } from './customers.ts';
import { FINISH, ROLLBACK, RUN } from './every-boundary.ts';
import { buildToyStage, type ToyStage } from './toy-stage.ts';

let stage: ToyStage;
let ordering: Ordering | undefined;
before(async () => {
  process.env.TOY_STRATEGY = 'side-by-side';
  stage = await buildToyStage();
});
after(async () => {
  delete process.env.TOY_STRATEGY;
  await stage.close();
});
beforeEach(() => stage.reset());
afterEach(async () => {
  await ordering?.stop();
  ordering = undefined;
});

const one = async (sql: string, database = 'toy'): Promise<unknown> =>
  Object.values((await stage.cluster.query(sql, [], database)).rows[0] as Record<string, unknown>)[0];

async function noneLost(acknowledged: readonly string[]): Promise<void> {
  const lost = await stage.cluster.query(
    'SELECT id FROM unnest($1::bigint[]) AS a (id) WHERE NOT EXISTS (SELECT FROM orders o WHERE o.id = a.id)',
    [acknowledged],
    'toy',
  );
  assert.deepEqual(lost.rows, []);
  assert.equal(new Set(acknowledged).size, acknowledged.length, 'an id was handed out twice');
}

/** What a migration leaves behind in the cluster that only a way back may need. */
async function remains(): Promise<unknown> {
  return await one(
    `SELECT (SELECT count(*) FROM pg_replication_slots) + (SELECT count(*) FROM pg_subscription)
       + (SELECT count(*) FROM pg_publication) + (SELECT count(*) FROM pg_event_trigger)
       + (SELECT count(*) FROM pg_database WHERE datname LIKE 'toy_copy%')`,
  );
}

describe('a migration beside a production that serves', () => {
  it('loses no acknowledged order in the switch nor, hours later, in the rollback', async (context) => {
    // Guards of the application: the session that exports a snapshot is idle in its transaction for as long as a dump takes.
    await stage.cluster.query("ALTER DATABASE toy SET idle_in_transaction_session_timeout = '20ms'");
    ordering = keepOrdering(stage);
    const ran = await stage.verb(0, ...RUN);
    assert.equal(ran.exitCode, 0, ran.stderr);
    const atSwitch = ordering.acknowledged.length;
    await ordering.more(50);
    assert.equal((await stage.look()).release, 'v2');
    assert.equal(await one('SELECT count(*)::int FROM identities'), 9);
    const back = await stage.verb(0, ...ROLLBACK);
    assert.equal(back.exitCode, 0, back.stderr);
    await ordering.more(50);
    await ordering.stop();
    assert.ok(atSwitch > 0);
    await noneLost(ordering.acknowledged);
    assert.equal(await one("SELECT to_regclass('identities')::text"), null);
    assert.equal((await stage.look()).release, 'v1');
    context.diagnostic(`${ordering.acknowledged.length} orders, longest gap ${ordering.longestGapMs()} ms`);
  });

  it('keeps changes and removals too, and gives what was born later a place', async () => {
    assert.equal((await stage.verb(0, ...RUN)).exitCode, 0);
    await customersWrite(stage);
    const { exitCode, stderr } = await stage.verb(0, ...ROLLBACK);
    assert.equal(exitCode, 0, stderr);
    assert.equal(await one('SELECT count(*)::int FROM orders WHERE total > 1000'), 20);
    assert.equal(await one('SELECT total::text FROM orders WHERE id = 4'), '4.99');
    assert.equal(await one('SELECT count(*)::int FROM order_items WHERE id = 50'), 0);
    assert.equal(await one('SELECT name FROM products WHERE id = 77'), 'born later');
    assert.equal(await remains(), '0');
  });

  it('goes back by the slow way when the return database is gone, and loses no order', async () => {
    ordering = keepOrdering(stage);
    assert.equal((await stage.verb(0, ...RUN)).exitCode, 0);
    await ordering.more(20);
    await stage.dropReturnDatabase();
    const status = await stage.verb(0, 'status');
    assert.match(status.stdout, /AT-RISK\s+the return database is gone/);
    const back = await stage.verb(0, ...ROLLBACK);
    assert.equal(back.exitCode, 0, back.stderr);
    assert.match(back.stderr + back.stdout, /slow way back/);
    await ordering.more(20);
    await ordering.stop();
    await noneLost(ordering.acknowledged);
    assert.equal(await one('SELECT count(*)::int FROM products'), 9);
    assert.equal((await stage.look()).release, 'v1');
    assert.equal(await remains(), '0');
  });

  it('is rehearsed on staging, rollback included, and then needs no override of the receipt', async () => {
    const rehearsed = await stage.verb(0, 'rehearse', '--target', 'production');
    assert.equal(rehearsed.exitCode, 0, rehearsed.stderr);
    const ran = await stage.verb(
      0,
      ...['run', '--target', 'production', '--confirm', 'production'],
      ...['--override', 'window=a fault test'],
    );
    assert.equal(ran.exitCode, 0, ran.stderr);
    const light = await stage.verb(0, 'status', '--target', 'production', '--json');
    assert.match(light.stdout, /"light":"open"/);
  });

  it('names the database that is put aside; neither those of rehearsals pile up nor their dumps', async () => {
    const rehearse = () => stage.verb(0, 'rehearse', '--target', 'production');
    const named = ({ stderr }: { readonly stderr: string }) =>
      /kept: (\S+), the migrated database/.exec(stderr)?.[1];
    const [first, second] = [named(await rehearse()), named(await rehearse())];
    assert.match(first ?? '', /^toy_staging_retired_/);
    const { rows } = await stage.cluster.query(
      "SELECT datname FROM pg_database WHERE datname LIKE 'toy%retired%'",
    );
    assert.deepEqual(rows, [{ datname: second }]);
    assert.equal((await stage.verb(0, ...RUN)).exitCode, 0);
    assert.match(named(await stage.verb(0, ...ROLLBACK)) ?? '', /^toy_retired_/);
    await rehearse();
    assert.equal(await one("SELECT count(*)::int FROM pg_database WHERE datname LIKE 'toy%retired%'"), 2);
    assert.equal((await stage.verb(0, ...RUN)).exitCode, 0);
    const finished = await stage.verb(0, ...FINISH);
    const dumps = globSync(path.join(stage.folder, 'state/runs/*/{copy,production-backup}/archive'));
    assert.deepEqual(
      dumps.filter((dump) => !dump.includes('-live-')),
      [],
    );
    assert.equal(dumps.length, 2);
    assert.match(finished.stderr, /kept: toy_return_\w{4}, the database of before/);
  });

  it('leaves nothing on a production whose migration failed on the copy', async () => {
    const untouched = await stage.look();
    process.env.TOY_IMPORT = 'broken-import.sql';
    try {
      const { exitCode, stderr } = await stage.verb(0, ...RUN);
      assert.equal(exitCode, 6, stderr);
    } finally {
      delete process.env.TOY_IMPORT;
    }
    assert.deepEqual(await stage.look(), untouched);
    assert.equal(await remains(), '0');
  });

  it('switches nothing where a line has no place in the old schema, and serves on', async () => {
    process.env.TOY_MAPPING = 'none';
    try {
      await stage.verb(0, ...RUN);
      await customersWrite(stage);
      const light = await stage.verb(0, 'status', '--target', 'production');
      assert.match(light.stdout + light.stderr, /no place in the old schema/);
      const refused = await stage.verb(0, ...ROLLBACK);
      assert.equal(refused.exitCode, 7);
      assert.match(refused.stderr, /items_product/);
      // Compared before the fence: nothing was closed, the new database serves.
      assert.equal(await one('SELECT count(*)::int FROM orders WHERE total > 1000'), 20);
    } finally {
      delete process.env.TOY_MAPPING;
    }
  });
});
