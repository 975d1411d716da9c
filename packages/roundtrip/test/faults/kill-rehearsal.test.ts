import { after, before, describe, it } from 'node:test';
import { killEverywhere, REHEARSE } from './every-boundary.ts';
import { buildToyStage, type ToyStage } from './toy-stage.ts';

let stage: ToyStage;
before(async () => {
  stage = await buildToyStage();
});
after(() => stage.close());

describe('kill -9 of a rehearsal, then resume', () => {
  it('at every moment: production is as it was, and nothing more is left than by one that lived', (test) =>
    killEverywhere(test, { stage, verb: REHEARSE }));
});
