import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decide } from '../../src/engine/decide.ts';
import { execute } from '../../src/engine/execute.ts';
import { Failed } from '../../src/errors.ts';
import { foldJournal } from '../../src/journal/fold.ts';
import type { JournalRecord } from '../../src/journal/record.ts';
import type { Plan } from '../../src/runbook/plan.ts';
import { anyStepKind, type StepKinds } from '../../src/steps/step-kind.ts';
import { memoryJournal, started, toyPlan, toyStep } from './fake-run.ts';

/** A world of flags that survives the "death" of the process, and counts how often each effect happened. */
interface World {
  readonly set: Set<string>;
  readonly counts: Map<string, number>;
}

class Killed extends Error {}

function toyKinds(world: World, failing?: string): StepKinds {
  const count = (name: string): void => void world.counts.set(name, (world.counts.get(name) ?? 0) + 1);
  const toy = anyStepKind({
    kind: 'toy',
    inspect: async ({ step }) => (world.set.has(step.id) ? 'done' : 'not-done'),
    do: async ({ step }) => {
      if (step.id === failing)
        throw new Failed({ code: 'toy', seen: 'it broke', expected: 'it to work', next: 'nothing' });
      world.set.add(step.id);
      count(`do ${step.id}`);
      return { did: step.id };
    },
    verify: async ({ step }) => ({ seen: world.set.has(step.id) }),
    undo: async ({ step }) => {
      world.set.delete(step.id);
      count(`undo ${step.id}`);
      return {};
    },
  });
  return new Map([['toy', toy]]);
}

const plan: Plan = toyPlan([
  toyStep('look', 'none'),
  toyStep('a'),
  toyStep('b'),
  toyStep('c', 'undone-by-way-back'),
  toyStep('returned', 'none', 'after-rollback'),
]);

async function go(
  world: World,
  records: JournalRecord[],
  options: { readonly failing?: string; readonly killAt?: number } = {},
): Promise<{ boundaries: number }> {
  let boundaries = 0;
  await execute({
    plan,
    journal: memoryJournal(records),
    kinds: toyKinds(world, options.failing),
    runDirectory: '/nowhere',
    operator: 'tester',
    signal: new AbortController().signal,
    now: () => new Date(0),
    log: () => undefined,
    onBoundary: () => {
      boundaries += 1;
      if (boundaries === options.killAt) throw new Killed();
    },
  }).catch((error: unknown) => {
    // A kill inside a step surfaces as that step's failure unless the journal refuses too: both are a dead process here.
    if (!(error instanceof Killed)) throw error;
  });
  return { boundaries };
}

const newWorld = (): World => ({ set: new Set(), counts: new Map() });

describe('execute', () => {
  it('runs forward to success', async () => {
    const world = newWorld();
    const journal = memoryJournal();
    journal.append(started());
    await go(world, journal.records);
    assert.equal(foldJournal(journal.records).verdict, 'succeeded');
    assert.deepEqual([...world.set], ['look', 'a', 'b', 'c']);
  });

  it('rolls back in reverse order when a step fails', async () => {
    const world = newWorld();
    const journal = memoryJournal();
    journal.append(started());
    await go(world, journal.records, { failing: 'c' });
    assert.equal(foldJournal(journal.records).verdict, 'rolled-back');
    const undone = journal.records.flatMap(({ body }) =>
      body.type === 'intent' && body.act === 'undo' ? [body.step] : [],
    );
    assert.deepEqual(undone, ['b', 'a']);
  });

  it('ends the same from every prefix of its journal, and repeats no effect whose outcome is known', async () => {
    for (const failing of [undefined, 'c'] as const) {
      const full = memoryJournal();
      full.append(started());
      const reference = newWorld();
      await go(reference, full.records, failing === undefined ? {} : { failing });
      for (let length = 1; length <= full.records.length; length += 1) {
        const world = replayedWorld(full.records.slice(0, length));
        const records = full.records.slice(0, length);
        await go(world, records, failing === undefined ? {} : { failing });
        const state = foldJournal(records);
        assert.equal(state.verdict, foldJournal(full.records).verdict, `prefix of ${length}`);
        assert.deepEqual([...world.set].sort(), [...reference.set].sort(), `prefix of ${length}`);
        assert.equal(decide(plan, state).next, 'none');
        for (const [effect, count] of world.counts)
          assert.equal(count, 1, `${effect} after a prefix of ${length}`);
      }
    }
  });
});

/** The flags as they were when this prefix was on disk, with the effect of a last, unfinished intent done. */
function replayedWorld(records: readonly JournalRecord[]): World {
  const world = newWorld();
  for (const { body } of records) {
    if (body.type === 'outcome' && body.ok && body.act === 'do') world.set.add(body.step);
    if (body.type === 'outcome' && body.ok && body.act === 'undo') world.set.delete(body.step);
  }
  return world;
}
