import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { JudgedTable } from '../../src/report/table-verdict.ts';
import { keepOrdering, type Ordering } from './customers.ts';
import { FINISH, killEverywhere, ROLLBACK, RUN } from './every-boundary.ts';
import { buildToyStage, type ToyStage } from './toy-stage.ts';

let stage: ToyStage;
let ordering: Ordering | undefined;
before(async () => {
  process.env.TOY_STRATEGY = 'side-by-side';
  stage = await buildToyStage();
});
after(async () => {
  await ordering?.stop();
  delete process.env.TOY_STRATEGY;
  await stage.close();
});

/** Customers who order from before the kill until after the end. */
async function ordersAgain(): Promise<void> {
  await ordering?.stop(); // Of a run that failed.
  ordering = keepOrdering(stage);
  await ordering.more(5);
}

/** Each order was taken by one database, and that is the one that serves in the end: none is lost, no number given twice. */
async function noneLost(): Promise<void> {
  assert.ok(ordering);
  await ordering.more(5);
  await ordering.stop();
  const { acknowledged } = ordering;
  const { rows } = await stage.cluster.query(
    'SELECT id FROM unnest($1::bigint[]) AS a (id) WHERE NOT EXISTS (SELECT FROM orders o WHERE o.id = a.id)',
    [acknowledged],
    'toy',
  );
  assert.deepEqual(rows, []);
  assert.equal(new Set(acknowledged).size, acknowledged.length, 'a number was given twice');
}

/** No kill costs a number of the proof: each is counted or still to be counted, and the migration wrote nothing. */
async function allMeasured(): Promise<void> {
  const { stdout } = await stage.verb(0, 'status', '--target', 'production', '--json');
  const verdict = stdout.split('\n').find((line) => line.includes('"type":"verdict"')) ?? '{}';
  const { protectedTables } = JSON.parse(verdict) as { protectedTables: readonly JudgedTable[] };
  assert.deepEqual(
    protectedTables.map(({ table, migration }) => [table, migration]),
    [
      ['orders', { rows: '0' }],
      ['order_items', { rows: '0' }],
    ],
  );
  for (const { untilSwitch, sinceLetIn } of protectedTables)
    assert.doesNotMatch(JSON.stringify([untilSwitch, sinceLetIn]), /unknown|null/);
}

/** All but the rows of the customers, who never stand still. */
async function lookBesides(): Promise<unknown> {
  const { tables, ...rest } = await stage.look();
  const { 'public.orders': _orders, 'public.order_items': _items, ...others } = tables;
  return { ...rest, tables: others };
}

async function ranBefore(): Promise<void> {
  const ran = await stage.verb(0, ...RUN);
  assert.equal(ran.exitCode, 0, ran.stderr);
  await ordersAgain();
}

async function noneLostAndAllMeasured(): Promise<void> {
  await noneLost();
  await allMeasured();
}

const whileTheyOrder = { look: lookBesides, afterwards: noneLostAndAllMeasured };

describe('kill -9 beside a production that serves, while customers order', () => {
  it('of a run, inside the switch too, then resume', (test) =>
    killEverywhere(test, { stage, verb: RUN, prepare: ordersAgain, ...whileTheyOrder }));

  it('of a rollback, inside the switch too, then resume', (test) =>
    killEverywhere(test, { stage, verb: ROLLBACK, prepare: ranBefore, ...whileTheyOrder }));

  it('of a finish, then resume', (test) =>
    killEverywhere(test, {
      stage,
      verb: FINISH,
      prepare: ranBefore,
      ...whileTheyOrder,
    }));
});
