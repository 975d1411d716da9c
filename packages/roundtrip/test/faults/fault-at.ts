import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ToyStage, Verbal } from './toy-stage.ts';

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

/** Resumes as often as an operator would who reads what it says; each time it must say more than nothing. */
export async function untilDone(stage: ToyStage, first: Verbal): Promise<Verbal> {
  let last = first;
  for (let time = 0; last.exitCode !== 0 && time < 3; time += 1) last = await stage.verb(0, 'resume');
  return last;
}
