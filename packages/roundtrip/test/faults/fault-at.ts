import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ToyStage, ToyState, Verbal } from './toy-stage.ts';

/** Runs a verb in a child that stands still at a boundary while `fault` is done, told the child's pid, and then goes on. */
export async function faultAt(
  stage: ToyStage,
  options: {
    readonly boundary: string;
    readonly fault: (pid: number) => Promise<void>;
    readonly verb: readonly string[];
  },
): Promise<Verbal> {
  const file = path.join(stage.folder, 'fault');
  rmSync(file, { force: true });
  Object.assign(process.env, { FAULT_AT: options.boundary, FAULT_FILE: file });
  let ended = false;
  const running = stage.verb(0, ...options.verb).finally(() => {
    ended = true;
  });
  delete process.env.FAULT_AT;
  delete process.env.FAULT_FILE;
  while (!existsSync(file)) {
    if (ended) throw new Error(`it never came to: ${options.boundary}\n${(await running).stderr}`);
    await delay(5);
  }
  try {
    await options.fault(Number(readFileSync(file, 'utf8')));
  } finally {
    rmSync(file);
  }
  return await running;
}

/** What a verb ends as that met no fault, and what was there before it. */
export interface Ends {
  readonly alive: ToyState;
  /** Of a run: a fault may also send it back. Of a rollback there is one end. */
  readonly untouched?: ToyState | undefined;
}

/**
 * Resumes as often as an operator would, and asserts that the verb ends as one that met nothing or, where the fault failed a
 * step of a run, that it went back: one consistent side, and nothing in between.
 */
export async function endsWhole(stage: ToyStage, met: Verbal, ends: Ends): Promise<void> {
  let last = met;
  for (let time = 0; ![0, 6].includes(last.exitCode) && time < 5; time += 1)
    last = await stage.verb(0, 'resume');
  assert.ok([0, 6].includes(last.exitCode), `${met.stderr}\n${last.stderr}`);
  const seen = await stage.look();
  if (ends.untouched?.release === seen.release)
    assert.deepEqual({ ...seen, databases: [] }, { ...ends.untouched, databases: [] }, met.stderr);
  else assert.deepEqual(seen, ends.alive, met.stderr);
}
