import assert from 'node:assert/strict';
import type { ToyStage } from './toy-stage.ts';

export const RUN = [
  'run',
  '--target',
  'production',
  '--confirm',
  'production',
  '--override',
  'receipt=a fault test',
  'window=a fault test',
];
export const ROLLBACK = ['rollback', '--target', 'production', '--confirm', 'production'];

/** Goes on after a kill until the run has ended, as an operator would: resume, or begin again where nothing had begun. */
export async function goOn(stage: ToyStage, verb: readonly string[]): Promise<void> {
  const resumed = await stage.verb(0, 'resume', '--target', 'production');
  const nothingBegan = resumed.exitCode === 3 && /no-run/.test(resumed.stderr);
  const last = nothingBegan ? await stage.verb(0, ...verb) : resumed;
  assert.equal(last.exitCode, 0, last.stderr);
}

/**
 * Kills a verb at its boundaries, one run each, and asserts that production ends as after a verb that lived.
 * ROUNDTRIP_KILL_STRIDE=1 takes every boundary; the default leaves some out, to keep the suite short.
 */
export async function killAtBoundaries(options: {
  readonly stage: ToyStage;
  readonly prepare: () => Promise<void>;
  readonly verb: readonly string[];
  readonly stride: number;
}): Promise<{ readonly boundaries: number; readonly killed: number }> {
  const { stage, prepare, verb } = options;
  const stride = Number(process.env.ROUNDTRIP_KILL_STRIDE ?? options.stride);
  await stage.reset();
  await prepare();
  const alive = await stage.verb(0, ...verb);
  assert.equal(alive.exitCode, 0, alive.stderr);
  const expected = await stage.look();
  let count = 0;
  for (let boundary = 1; boundary <= alive.boundaries; boundary += stride) {
    await stage.reset();
    await prepare();
    const { killed, stderr } = await stage.verb(boundary, ...verb);
    assert.equal(killed, true, `boundary ${boundary} of ${alive.boundaries}: ${stderr}`);
    await goOn(stage, verb);
    assert.deepEqual(await stage.look(), expected, `killed at boundary ${boundary} of ${alive.boundaries}`);
    count += 1;
  }
  return { boundaries: alive.boundaries, killed: count };
}
