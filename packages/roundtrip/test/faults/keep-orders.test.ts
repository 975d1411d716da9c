import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { customersWrite } from './customers.ts';
import { ROLLBACK, RUN } from './every-boundary.ts';
import { buildToyStage, type ToyStage } from './toy-stage.ts';

let stage: ToyStage;
before(async () => {
  stage = await buildToyStage();
});
after(() => stage.close());
beforeEach(() => stage.reset());

const one = async (sql: string): Promise<unknown> =>
  Object.values((await stage.cluster.query(sql, [], 'toy')).rows[0] as Record<string, unknown>)[0];

describe('a rollback hours later', () => {
  it('keeps what customers wrote since the switch: inserts, updates and deletes', async () => {
    // An application that keeps a list of all DDL: what we make in the return database must not count as written there.
    await stage.cluster.query(
      `CREATE TABLE ddl_log (tag text);
       CREATE FUNCTION note_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.ddl_log VALUES (tg_tag); END';
       CREATE EVENT TRIGGER note_ddl ON ddl_command_end EXECUTE FUNCTION note_ddl();`,
      [],
      'toy',
    );
    assert.equal((await stage.verb(0, ...RUN)).exitCode, 0);
    await customersWrite(stage);
    const { exitCode, stderr } = await stage.verb(0, ...ROLLBACK);
    assert.equal(exitCode, 0, stderr);
    assert.equal(await one('SELECT count(*)::int FROM orders WHERE total > 1000'), 20);
    assert.equal(await one('SELECT total::text FROM orders WHERE id = 4'), '4.99');
    assert.equal(await one('SELECT count(*)::int FROM order_items WHERE id = 50'), 0);
    assert.equal((await stage.look()).release, 'v1');
  });

  it('gives a line of an SKU that was born later a place in the old schema', async () => {
    await stage.verb(0, ...RUN);
    await customersWrite(stage);
    await stage.verb(0, ...ROLLBACK);
    assert.equal(await one('SELECT name FROM products WHERE id = 77'), 'born later');
    assert.equal(
      await one(
        'SELECT count(*)::int FROM order_items i WHERE NOT EXISTS (SELECT FROM products p WHERE p.id = i.product_id)',
      ),
      0,
    );
  });

  it('goes on numbering above everything that was ever handed out', async () => {
    await stage.verb(0, ...RUN);
    await customersWrite(stage);
    await stage.verb(0, ...ROLLBACK);
    const highest = Number(await one('SELECT max(id) FROM orders'));
    assert.ok(Number(await one('INSERT INTO orders (total) VALUES (1) RETURNING id')) > highest);
  });

  it('switches nothing when such a line has no place, says so, and goes through once it has one', async () => {
    process.env.TOY_MAPPING = 'none';
    try {
      await stage.verb(0, ...RUN);
      await customersWrite(stage);
      const refused = await stage.verb(0, ...ROLLBACK);
      assert.equal(refused.exitCode, 7);
      assert.match(refused.stderr, /items_product/);
      // Nothing is lost and nothing was switched: the migrated database still has the name.
      await stage.cluster.query('ALTER DATABASE toy ALLOW_CONNECTIONS true');
      assert.equal(await one('SELECT count(*)::int FROM orders WHERE total > 1000'), 20);
      const { rows } = await stage.cluster.query(
        `SELECT datname FROM pg_database WHERE datname LIKE 'toy_return%'`,
      );
      await stage.cluster.query(`INSERT INTO products VALUES (77, 'by hand', 0)`, [], rows[0].datname);
      const resumed = await stage.verb(0, 'resume', '--target', 'production');
      assert.equal(resumed.exitCode, 0, resumed.stderr);
      assert.equal(await one('SELECT name FROM products WHERE id = 77'), 'by hand');
      assert.equal(await one('SELECT count(*)::int FROM orders WHERE total > 1000'), 20);
    } finally {
      delete process.env.TOY_MAPPING;
    }
  });

  it('leaves nothing behind in silence where the runbook keeps no stream', async () => {
    process.env.TOY_STREAM = 'none';
    try {
      assert.equal((await stage.verb(0, ...RUN)).exitCode, 0);
      // Nothing written: nothing to lose.
      assert.equal((await stage.verb(0, ...ROLLBACK)).exitCode, 0);
      await stage.reset();
      assert.equal((await stage.verb(0, ...RUN)).exitCode, 0);
      await customersWrite(stage);
      const refused = await stage.verb(0, ...ROLLBACK);
      assert.equal(refused.exitCode, 3);
      assert.match(refused.stderr, /rollback-loses-rows[\s\S]*public\.orders \(21\)/);
      assert.equal(await one('SELECT count(*)::int FROM orders WHERE total > 1000'), 20);
      const lost = await stage.verb(0, ...ROLLBACK, '--lose-rows');
      assert.equal(lost.exitCode, 0, lost.stderr);
      const kept = /kept: (toy_retired_\w+)/.exec(lost.stderr)?.[1];
      await stage.cluster.query(`ALTER DATABASE ${kept} ALLOW_CONNECTIONS true`);
      const { rows } = await stage.cluster.query(
        'SELECT count(*)::int AS n FROM orders WHERE total > 1000',
        [],
        kept,
      );
      assert.deepEqual(rows, [{ n: 20 }]);
    } finally {
      delete process.env.TOY_STREAM;
    }
  });
});
