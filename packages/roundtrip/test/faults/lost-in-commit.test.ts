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
  /** What is sent when the connection is lost, and the boundary from which on it is waited for. */
  readonly statements: readonly { readonly text: string; readonly from: string }[];
}

const SCENES: readonly Scene[] = [
  {
    strategy: 'in-place',
    verb: RUN,
    statements: [{ text: 'COMMIT', from: 'before do:migrate' }],
  },
  {
    strategy: 'in-place',
    verb: ROLLBACK,
    statements: [{ text: 'RENAME TO', from: 'before undo:way-back' }],
  },
  {
    strategy: 'side-by-side',
    verb: RUN,
    statements: [
      { text: 'COMMIT', from: 'before do:import' },
      { text: 'RENAME TO', from: 'before do:switch-over' },
      { text: 'RENAME TO', from: 'after append:mark:switch-over:do:retired' },
    ],
  },
  {
    strategy: 'side-by-side',
    verb: ROLLBACK,
    statements: [
      { text: 'RENAME TO', from: 'before undo:switch-over' },
      { text: 'RENAME TO', from: 'after append:mark:switch-over:undo:retired' },
    ],
  },
];

for (const { strategy, verb, statements } of SCENES) {
  describe(`the connection is lost in the very statement, in a ${verb[0]} ${strategy}`, () => {
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
    for (const { text, from } of statements)
      for (const when of ['unsent', 'unanswered'] as const)
        it(`${text} ${from}, ${when}: whether it was done is looked up, and it ends whole`, async () => {
          await prepare();
          let lost = false;
          const met = await faultAt(stage, {
            boundary: from,
            verb,
            fault: async () => {
              void network.cutAtStatement(text, when).then(() => {
                lost = true;
              });
            },
          });
          assert.ok(lost, `never sent: ${text}\n${met.stderr}`);
          await endsWhole(stage, met, ends);
        });
  });
}
