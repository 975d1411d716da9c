import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { customersWrite } from './customers.ts';
import { ROLLBACK, RUN } from './every-boundary.ts';
import { type Ends, endsWhole, faultAt } from './fault-at.ts';
import { buildToyStage, type ToyStage } from './toy-stage.ts';

let stage: ToyStage;
before(async () => {
  stage = await buildToyStage();
});
after(() => stage.close());
afterEach(() => {
  delete process.env.TOY_STRATEGY;
});

/** Processes of the server, backends included: each has the data directory as its working directory. */
function serverProcesses(data: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/cwd`) === data;
      } catch {
        return false; // It ended in between.
      }
    });
}

/** SIGKILL of the postmaster, and a start as by a service manager, once the last backend has noticed. */
async function killServer(): Promise<void> {
  const data = path.join(stage.cluster.directory, 'data');
  const postmaster = Number(readFileSync(path.join(data, 'postmaster.pid'), 'utf8').split('\n')[0]);
  process.kill(postmaster, 'SIGKILL');
  const deadline = Date.now() + 120_000;
  while (serverProcesses(data).length > 0) {
    if (Date.now() > deadline) throw new Error('backends outlived their postmaster by two minutes');
    await delay(10);
  }
}

interface Scene {
  readonly strategy: 'in-place' | 'side-by-side';
  readonly verb: readonly string[];
  readonly boundaries: readonly string[];
}

const SCENES: readonly Scene[] = [
  {
    strategy: 'in-place',
    verb: RUN,
    boundaries: [
      'after append:mark:backup:do:child',
      'before do:way-back',
      'after append:mark:migrate:do:child',
      'before do:return-stream',
      'before verify:return-stream',
    ],
  },
  {
    strategy: 'in-place',
    verb: ROLLBACK,
    boundaries: [
      'before undo:return-stream',
      'after append:mark:way-back:undo:fencing',
      'after append:mark:way-back:undo:retired',
    ],
  },
  {
    strategy: 'side-by-side',
    verb: RUN,
    boundaries: [
      'after append:mark:copy-beside:do:child',
      'after append:mark:migrate:do:child',
      'after append:mark:switch-over:do:fenced',
      'after append:mark:switch-over:do:retired',
      'after append:mark:switch-over:do:renamed',
    ],
  },
  {
    strategy: 'side-by-side',
    verb: ROLLBACK,
    boundaries: [
      'after append:mark:switch-over:undo:drained',
      'after append:mark:switch-over:undo:retired',
      'after append:mark:switch-over:undo:renamed',
    ],
  },
];

for (const { strategy, verb, boundaries } of SCENES) {
  describe(`the server is killed in the middle of a ${verb[0]} ${strategy}`, () => {
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
    for (const boundary of boundaries)
      it(`${boundary}: once it is back, it ends whole`, async () => {
        await prepare();
        const met = await faultAt(stage, {
          boundary,
          verb,
          fault: async () => {
            await killServer();
            await stage.cluster.start();
          },
        });
        await endsWhole(stage, met, ends);
      });
  });
}
