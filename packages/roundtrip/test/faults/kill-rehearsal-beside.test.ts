import { after, before, describe, it } from 'node:test';
import { killEverywhere, REHEARSE } from './every-boundary.ts';
import { buildToyStage, type ToyStage } from './toy-stage.ts';

let stage: ToyStage;
before(async () => {
  process.env.TOY_STRATEGY = 'side-by-side';
  stage = await buildToyStage();
});
after(async () => {
  delete process.env.TOY_STRATEGY;
  await stage.close();
});

describe('kill -9 of a rehearsal side by side, then resume', () => {
  it('at every moment: production is as it was, and nothing more is left than by one that lived', (test) =>
    killEverywhere(test, { stage, verb: REHEARSE }));
});
