import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { RUN } from './every-boundary.ts';
import { buildToyStage, type ToyStage } from './toy-stage.ts';

let stage: ToyStage;
before(async () => {
  stage = await buildToyStage();
});
after(() => stage.close());

it('a flush that finds more rows than were planned for deletes none, and the run goes back', async () => {
  await stage.reset();
  await stage.cluster.query(
    "INSERT INTO products SELECT n, 'loaded since', 1 FROM generate_series(100, 140) n",
    [],
    'toy',
  );
  const { exitCode, stderr } = await stage.verb(0, ...RUN);
  assert.equal(exitCode, 6, stderr);
  assert.match(stderr, /failed: "Flush the old rows" \(flush-more-than-planned\)/);
  assert.match(stderr, /products holds 50 rows[\s\S]*at most 30 in products/);
  const { rows } = await stage.cluster.query('SELECT count(*)::int AS n FROM products', [], 'toy');
  assert.deepEqual(rows, [{ n: 50 }]);
  assert.equal((await stage.look()).release, 'v1');
});
