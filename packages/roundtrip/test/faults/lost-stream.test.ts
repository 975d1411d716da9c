import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { eventually } from '../postgres/replication/reverse-shop.ts';
import { customersWrite } from './customers.ts';
import { ROLLBACK, RUN } from './every-boundary.ts';
import { buildToyStage, type ToyStage } from './toy-stage.ts';

let stage: ToyStage;
before(async () => {
  stage = await buildToyStage();
});
after(() => stage.close());
afterEach(() => {
  delete process.env.TOY_STRATEGY;
});

const query = async (text: string, database = 'toy') => (await stage.cluster.query(text, [], database)).rows;
const one = async (text: string, database?: string): Promise<string> =>
  String(Object.values((await query(text, database))[0] ?? {})[0]);
const status = async () => (await stage.verb(0, 'status', '--target', 'production')).stdout;

async function switched(strategy: string): Promise<string> {
  if (strategy === 'side-by-side') process.env.TOY_STRATEGY = strategy;
  await stage.reset();
  const ran = await stage.verb(0, ...RUN);
  assert.equal(ran.exitCode, 0, ran.stderr);
  return one("SELECT datname FROM pg_database WHERE datname LIKE 'toy_return%'", 'postgres');
}

/** Everything that customers wrote is there, under the previous release, and nothing of the stream is left. */
async function wentBackWhole(): Promise<void> {
  assert.equal((await stage.look()).release, 'v1');
  assert.equal(await one('SELECT count(*) FROM orders WHERE total > 1000'), '20');
  assert.equal(await one('SELECT total FROM orders WHERE id = 4'), '4.99');
  assert.equal(await one('SELECT count(*) FROM order_items WHERE id = 50'), '0');
  assert.equal(await one('SELECT name FROM products WHERE id = 77'), 'born later');
  assert.equal(await one('SELECT count(*) FROM pg_replication_slots'), '0');
  assert.equal(await one('SELECT count(*) FROM pg_subscription'), '0');
}

for (const strategy of ['in-place', 'side-by-side'])
  describe(`the stream of the way back, ${strategy}`, () => {
    it('is lost with its slot: status says so days ahead, and a rollback copies the tables whole', async () => {
      const back = await switched(strategy);
      const subscription = await one('SELECT subname FROM pg_subscription');
      await query(`ALTER SUBSCRIPTION ${subscription} DISABLE`, back);
      await eventually(
        async () => (await one('SELECT count(*) FROM pg_replication_slots WHERE active')) === '0',
        'nobody holds the slot',
      );
      await query('SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots', 'postgres');
      await customersWrite(stage);
      assert.match(await status(), /way back: AT-RISK[\s\S]*is gone[\s\S]*copies the tables whole/);
      const wentBack = await stage.verb(0, ...ROLLBACK);
      assert.equal(wentBack.exitCode, 0, wentBack.stderr);
      await wentBackWhole();
    });

    it('brings what somebody has spoilt: the rollback stands still, and names what lets it pass', async () => {
      const back = await switched(strategy);
      await customersWrite(stage);
      await query('UPDATE orders SET total = 0.01 WHERE id = 2', back);
      const stuck = await stage.verb(0, ...ROLLBACK);
      assert.equal(stuck.exitCode, 7, stuck.stderr);
      assert.match(await status(), /way back: AT-RISK[\s\S]*stands still[\s\S]*public\.orders/);
      const cure = /psql -d (\S+) ((?:-c '[^']+' ?)+)/.exec(stuck.stderr);
      assert.ok(cure !== null, 'the cure is a command that can be typed');
      await query([...(cure[2] ?? '').matchAll(/-c '([^']+)'/g)].map(([, sql]) => sql).join('; '), cure[1]);
      const resumed = await stage.verb(0, 'resume', '--target', 'production');
      assert.equal(resumed.exitCode, 0, resumed.stderr);
      await wentBackWhole();
      assert.notEqual(await one('SELECT total FROM orders WHERE id = 2'), '0.01');
    });
  });
