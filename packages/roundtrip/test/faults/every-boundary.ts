import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { ToyStage, ToyState, Verbal } from './toy-stage.ts';

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
export const FINISH = ['finish', '--target', 'production', '--confirm', 'production', '--early', 'a test'];
export const REHEARSE = ['rehearse', '--target', 'production'];

/** In so many runs all moments of a verb are met; each of them resumes that often less than a run for each moment would. */
const RUNS = 4;
const alone = process.env.ROUNDTRIP_ALL_BOUNDARIES === '1';

/** Goes on after a kill, as an operator would: resume, or begin again where nothing had begun. */
export async function goOn(
  stage: ToyStage,
  verb: readonly string[],
  killAt: readonly string[] = [],
): Promise<Verbal> {
  const resumed = await stage.verb(killAt, 'resume');
  return resumed.exitCode === 3 && /no-run/.test(resumed.stderr)
    ? await stage.verb(killAt, ...verb)
    : resumed;
}

/** A verb that is killed at all of its moments. */
interface Killing {
  readonly stage: ToyStage;
  readonly verb: readonly string[];
  /** Brings the stage, which has been reset, to where the verb begins. */
  readonly prepare?: (() => Promise<void>) | undefined;
  /** What must be the same as after a verb that lived. Default: all that `look` sees. */
  readonly look?: (() => Promise<unknown>) | undefined;
  /** Where another file has covered the same boundaries, what is different here; they are not counted twice. */
  readonly over?: string | undefined;
  /** Further demands at the end, and the end of what `prepare` began. */
  readonly afterwards?: (() => Promise<void>) | undefined;
}

/**
 * Kills a verb with SIGKILL before and after every journal append and every effect, a subtest for each, goes on, and asserts
 * that production ends as after a verb that lived. Boundaries with nothing between them (after an intent is written, before
 * its effect begins) are one moment, and the process is killed there once; the test says how many there are of each.
 *
 * The moments are dealt to a few runs: in each, every process after the first resumes and dies at the next moment that was
 * dealt to the run, until one lives. A moment that such a run does not come to any more, since the resumed process found the
 * step done, gets a run of its own. With ROUNDTRIP_ALL_BOUNDARIES=1 every moment has a run of its own and nothing else in it
 * is killed: four times the minutes (2026-11-24), for when a shared run has failed or the switch was changed.
 */
export async function killEverywhere(test: TestContext, killing: Killing): Promise<void> {
  await begin(killing);
  const alive = await killing.stage.verb(0, ...killing.verb);
  assert.equal(alive.exitCode, 0, alive.stderr);
  const expected = await look(killing);
  await killing.afterwards?.();
  const moments = momentsOf(alive.names);
  assert.ok(moments.length > 1, 'no boundary was passed');
  const passedBy: string[] = [];
  for (const hand of deal(moments, alone ? moments.length : RUNS))
    passedBy.push(...(await killInOneRun(test, killing, { moments: hand, expected })));
  for (const moment of passedBy)
    assert.deepEqual(
      await killInOneRun(test, killing, { moments: [moment], expected }),
      [],
      `no process came to: ${moment}`,
    );
  test.diagnostic(
    `kill points: ${killing.verb[0]} ${process.env.TOY_STRATEGY ?? 'in-place'}: ` +
      `${killing.over === undefined ? `${alive.names.length} boundaries, all covered, ` : `all covered over ${killing.over}, `}` +
      `by ${moments.length} kills (${alone ? 'a run for each' : `in ${RUNS + passedBy.length} runs`})`,
  );
}

/** The moments that were dealt to this run and that none of its processes came to. */
async function killInOneRun(
  test: TestContext,
  killing: Killing,
  { moments, expected }: { readonly moments: readonly string[]; readonly expected: unknown },
): Promise<readonly string[]> {
  const { stage, verb } = killing;
  await begin(killing);
  const passedBy: string[] = [];
  let left = moments;
  let last = await stage.verb(left, ...verb);
  while (last.killedAt !== undefined) {
    const at = left.indexOf(last.killedAt);
    passedBy.push(...left.slice(0, at));
    left = left.slice(at + 1);
    let next: Verbal | undefined;
    await test.test(`killed ${last.killedAt}`, async () => {
      const went = await goOn(stage, verb, left);
      if (went.killedAt === undefined) {
        assert.equal(went.exitCode, 0, went.stderr);
        assert.deepEqual(await look(killing), expected, `killed at ${moments.join(', ')}`);
        await killing.afterwards?.();
      }
      next = went;
    });
    if (next === undefined) return [];
    last = next;
  }
  assert.equal(last.exitCode, 0, last.stderr);
  return [...passedBy, ...left];
}

async function begin({ stage, prepare }: Killing): Promise<void> {
  await stage.reset();
  await prepare?.();
}

function look(killing: Killing): Promise<unknown> {
  return killing.look?.() ?? (killing.stage.look() as Promise<ToyState>);
}

/** Neighbours go to different runs: a step that is killed at one moment is whole in the others. */
function deal(moments: readonly string[], runs: number): readonly (readonly string[])[] {
  return Array.from({ length: runs }, (_, run) => moments.filter((_moment, index) => index % runs === run));
}

function momentsOf(boundaries: readonly string[]): readonly string[] {
  return boundaries.filter((name, index) => {
    const previous = boundaries[index - 1];
    return previous === undefined || !isSameMoment(previous, name);
  });
}

/** After a mark its effect goes on: whatever comes next is another moment. */
function isSameMoment(previous: string, next: string): boolean {
  return previous.startsWith('after ') && next.startsWith('before ') && !previous.includes('append:mark:');
}
