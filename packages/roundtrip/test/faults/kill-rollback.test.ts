import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { customersWrite } from './customers.ts';
import { killAtBoundaries, ROLLBACK, RUN } from './every-boundary.ts';
import { buildToyStage, type ToyStage } from './toy-stage.ts';

let stage: ToyStage;
before(async () => {
  stage = await buildToyStage();
});
after(() => stage.close());

describe('kill -9 of a rollback, then resume', () => {
  it('at its boundaries, between the two renames too: the same production as after a rollback that lived, every order kept', async (context) => {
    const prepare = async (): Promise<void> => {
      const ran = await stage.verb(0, ...RUN);
      assert.equal(ran.exitCode, 0, ran.stderr);
      await customersWrite(stage);
    };
    const { boundaries, killed } = await killAtBoundaries({ stage, prepare, verb: ROLLBACK, stride: 3 });
    context.diagnostic(`killed at ${killed} of ${boundaries} boundaries of a rollback`);
    assert.ok(killed >= 20, `only ${killed} kill points`);
  });
});
