import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { buildToyStage, type ToyStage } from '../faults/toy-stage.ts';

let stage: ToyStage;
before(async () => {
  stage = await buildToyStage();
  await stage.reset();
  await stage.cluster.query('CREATE DATABASE toy_other TEMPLATE toy_template');
});
after(() => stage.close());

const compare = () =>
  stage.verb(0, 'compare', '--target', 'production', '--with', 'toy_other', '--table', 'orders');

describe('compare', () => {
  it('says that no row differs, and names the one that does', async () => {
    const same = await compare();
    assert.equal(same.exitCode, 0, same.stderr);
    assert.match(same.stdout, /no row differs/);
    await stage.cluster.query('UPDATE orders SET total = total + 0.01 WHERE id = 37', [], 'toy_other');
    const different = await compare();
    assert.equal(different.exitCode, 3);
    assert.match(different.stdout, /"id":"37"/);
    assert.match(different.stdout, /total/);
  });
});
