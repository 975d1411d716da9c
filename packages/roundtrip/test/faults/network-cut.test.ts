import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { customersWrite } from './customers.ts';
import { type CutProxy, startCutProxy } from './cut-proxy.ts';
import { ROLLBACK, RUN } from './every-boundary.ts';
import { type Ends, endsWhole, faultAt } from './fault-at.ts';
import { buildToyStage, type ToyStage } from './toy-stage.ts';

let stage: ToyStage;
let network: CutProxy;
before(async () => {
  stage = await buildToyStage({
    between: async (port) => {
      network = await startCutProxy(port);
      return network.port;
    },
  });
});
after(async () => {
  await network.close();
  await stage.close();
});
afterEach(() => {
  network.mend();
  delete process.env.TOY_STRATEGY;
});

interface Scene {
  readonly strategy: 'in-place' | 'side-by-side';
  readonly verb: readonly string[];
  /** Where it is cut once. */
  readonly cutAt: readonly string[];
  /** Where it is severed until the tool has given up. */
  readonly severedAt: readonly string[];
}

const SCENES: readonly Scene[] = [
  {
    strategy: 'in-place',
    verb: RUN,
    cutAt: [
      'after append:mark:backup:do:child',
      'after append:mark:migrate:do:child',
      'before do:return-stream',
    ],
    severedAt: ['before do:backup', 'after append:mark:import:do:child'],
  },
  {
    strategy: 'in-place',
    verb: ROLLBACK,
    cutAt: ['after append:mark:way-back:undo:fencing', 'after append:mark:way-back:undo:retired'],
    severedAt: ['after append:mark:way-back:undo:retired'],
  },
  {
    strategy: 'side-by-side',
    verb: RUN,
    cutAt: [
      'after append:mark:copy-beside:do:child',
      'after append:mark:switch-over:do:fenced',
      'after append:mark:switch-over:do:retired',
    ],
    severedAt: ['after append:mark:migrate:do:child'],
  },
  {
    strategy: 'side-by-side',
    verb: ROLLBACK,
    cutAt: ['after append:mark:switch-over:undo:fencing'],
    severedAt: ['after append:mark:switch-over:undo:retired'],
  },
];

for (const { strategy, verb, cutAt, severedAt } of SCENES) {
  describe(`the network is cut in the middle of a ${verb[0]} ${strategy}`, () => {
    let ends: Ends;
    const prepare = async (): Promise<void> => {
      process.env.TOY_STRATEGY = strategy;
      await stage.reset();
      if (verb !== ROLLBACK) return;
      const ran = await stage.verb(0, ...RUN);
      assert.equal(ran.exitCode, 0, ran.stderr);
      await customersWrite(stage);
    };
    before(async () => {
      await prepare();
      const untouched = verb === RUN ? await stage.look() : undefined;
      const alive = await stage.verb(0, ...verb);
      assert.equal(alive.exitCode, 0, alive.stderr);
      ends = { alive: await stage.look(), untouched };
    });
    for (const boundary of cutAt)
      it(`${boundary}, once: it ends whole`, async () => {
        await prepare();
        const met = await faultAt(stage, { boundary, verb, fault: async () => network.cut() });
        await endsWhole(stage, met, ends);
      });
    for (const boundary of severedAt)
      it(`${boundary}, for good: it says so, and ends whole once there is a network`, async () => {
        await prepare();
        const met = await faultAt(stage, { boundary, verb, fault: async () => network.sever() });
        assert.notEqual(met.exitCode, 0);
        assert.match(met.stderr, /127\.0\.0\.1|ECONN|connection|session/i);
        assert.doesNotMatch(met.stderr, /unexpected-error/);
        network.mend();
        await endsWhole(stage, met, ends);
      });
  });
}
