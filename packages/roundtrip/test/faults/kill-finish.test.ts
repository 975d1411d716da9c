import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { FINISH, killEverywhere, RUN } from './every-boundary.ts';
import { buildToyStage, type ToyStage } from './toy-stage.ts';

let stage: ToyStage;
before(async () => {
  stage = await buildToyStage();
});
after(() => stage.close());

describe('kill -9 of a finish, then resume', () => {
  it('at every moment: the way back is closed as by one that lived', (test) =>
    killEverywhere(test, {
      stage,
      verb: FINISH,
      prepare: async () => assert.equal((await stage.verb(0, ...RUN)).exitCode, 0),
    }));
});
