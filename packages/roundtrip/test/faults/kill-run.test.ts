import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { goOn, killEverywhere, RUN } from './every-boundary.ts';
import { buildToyStage, type ToyStage } from './toy-stage.ts';

let stage: ToyStage;
before(async () => {
  stage = await buildToyStage();
});
after(() => stage.close());

describe('kill -9 of a run, then resume', () => {
  it('at every moment: the same production as after a run that lived', (test) =>
    killEverywhere(test, { stage, verb: RUN }));

  it('at moments of the clock, children at work: the same', async () => {
    await stage.reset();
    assert.equal((await stage.verb(0, ...RUN)).exitCode, 0);
    const expected = await stage.look();
    // From before the first record to the last steps; the exact moment is whatever the machine makes of it.
    for (const afterMs of [350, 600, 800, 950, 1100, 1250, 1400, 1600, 1900, 2300]) {
      await stage.reset();
      const { killed, exitCode } = await stage.verb(-afterMs, ...RUN);
      assert.ok(killed || exitCode === 0);
      if (killed) {
        const went = await goOn(stage, RUN);
        assert.equal(went.exitCode, 0, went.stderr);
      }
      assert.deepEqual(await stage.look(), expected, `killed after ${afterMs} ms`);
    }
  });
});
