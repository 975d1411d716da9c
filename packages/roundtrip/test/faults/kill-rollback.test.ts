import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { customersWrite } from './customers.ts';
import { killEverywhere, ROLLBACK, RUN } from './every-boundary.ts';
import { buildToyStage, type ToyStage } from './toy-stage.ts';

let stage: ToyStage;
before(async () => {
  stage = await buildToyStage();
});
after(() => stage.close());

describe('kill -9 of a rollback, then resume', () => {
  it('at every moment, between the two renames too: the same production as after a rollback that lived, every order kept', (test) =>
    killEverywhere(test, {
      stage,
      verb: ROLLBACK,
      prepare: async () => {
        const ran = await stage.verb(0, ...RUN);
        assert.equal(ran.exitCode, 0, ran.stderr);
        await customersWrite(stage);
      },
    }));
});
