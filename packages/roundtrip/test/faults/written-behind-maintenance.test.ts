import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { RUN } from './every-boundary.ts';
import { faultAt } from './fault-at.ts';
import { buildToyStage, type ToyStage, type Verbal } from './toy-stage.ts';

let stage: ToyStage;
before(async () => {
  stage = await buildToyStage();
});
after(() => stage.close());
beforeEach(() => stage.reset());

/** A client that has the database's address and asks no front door. */
const ORDER = `WITH o AS (INSERT INTO orders (total) VALUES (777) RETURNING id)
  INSERT INTO order_items (order_id, product_id, price) SELECT id, 1, 777 FROM o`;

const ordersIn = async (database: string): Promise<unknown> =>
  (await stage.cluster.query('SELECT count(*)::int AS n FROM orders WHERE total = 777', [], database)).rows;

function orderedAt(boundary: string): Promise<Verbal> {
  return faultAt(stage, {
    boundary,
    verb: RUN,
    fault: async () => {
      await stage.cluster.query(ORDER, [], 'toy');
    },
  });
}

describe('a client that goes on writing under maintenance, past the front door', () => {
  it('before anything was changed: it is named, the run goes back, and production keeps the order', async () => {
    const { exitCode, stderr } = await orderedAt('after append:outcome:backup:verify');
    assert.equal(exitCode, 6, stderr);
    assert.match(stderr, /written-since-backup/);
    assert.match(stderr, /public\.order_items.*public\.orders|public\.orders.*public\.order_items/);
    assert.deepEqual(await ordersIn('toy'), [{ n: 1 }]);
    const { release, maintenance, running, databases } = await stage.look();
    assert.deepEqual(
      { release, maintenance, running },
      { release: 'v1', maintenance: false, running: ['api', 'worker'] },
    );
    assert.deepEqual(databases, ['toy', 'toy_template'], 'nothing was exchanged');
  });

  it('after a change: table and rows are named, and so is the database in which the order is kept', async () => {
    const untouched = await stage.look();
    const { exitCode, stderr } = await orderedAt('after append:outcome:migrate:verify');
    assert.equal(exitCode, 6, stderr);
    assert.match(stderr, /protected-table-changed/);
    assert.match(stderr, /public\.orders has 51 rows instead of 50/);
    assert.deepEqual((await stage.look()).tables, untouched.tables);
    const kept = /kept: (toy_retired_\w+),.*IT HOLDS ROWS THAT PRODUCTION NO LONGER HAS/.exec(stderr)?.[1];
    assert.ok(kept, stderr);
    await stage.cluster.query(`ALTER DATABASE ${kept} ALLOW_CONNECTIONS true`);
    assert.deepEqual(await ordersIn(kept), [{ n: 1 }]);
    assert.match((await stage.verb(0, 'status')).stdout, /IT HOLDS ROWS/);
  });
});
