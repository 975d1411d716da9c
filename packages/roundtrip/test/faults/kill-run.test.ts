import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { goOn, killAtBoundaries, RUN } from './every-boundary.ts';
import { buildToyStage, type ToyStage } from './toy-stage.ts';

let stage: ToyStage;
before(async () => {
  stage = await buildToyStage();
});
after(() => stage.close());

describe('kill -9 of a run, then resume', () => {
  it('at its boundaries: the same production as after a run that lived', async (context) => {
    const { boundaries, killed } = await killAtBoundaries({
      stage,
      prepare: async () => undefined,
      verb: RUN,
      stride: 5,
    });
    context.diagnostic(`killed at ${killed} of ${boundaries} boundaries of a run`);
    assert.ok(killed >= 20, `only ${killed} kill points`);
  });

  it('at moments of the clock, children at work: the same', async () => {
    await stage.reset();
    assert.equal((await stage.verb(0, ...RUN)).exitCode, 0);
    const expected = await stage.look();
    // From before the first record to the last steps; the exact moment is whatever the machine makes of it.
    for (const afterMs of [350, 600, 800, 950, 1100, 1250, 1400, 1600, 1900, 2300]) {
      await stage.reset();
      const { killed, exitCode } = await stage.verb(-afterMs, ...RUN);
      assert.ok(killed || exitCode === 0);
      if (killed) await goOn(stage, RUN);
      assert.deepEqual(await stage.look(), expected, `killed after ${afterMs} ms`);
    }
  });
});
