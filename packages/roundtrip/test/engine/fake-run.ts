import { sealRecord } from '../../src/journal/chain.ts';
import { foldJournal } from '../../src/journal/fold.ts';
import type { LocalJournal } from '../../src/journal/journal-file.ts';
import type { JournalBody, JournalRecord, RunKind } from '../../src/journal/record.ts';
import type { Plan } from '../../src/runbook/plan.ts';
import { type StepEffect, type StepPhase, type StepSpec, stepSpec } from '../../src/runbook/step-spec.ts';

/** A step that the tests' kind "toy" performs on a world of plain flags. */
export function toyStep(
  id: string,
  effect: StepEffect = 'reversible',
  phase: StepPhase = 'main',
  kind = 'toy',
): StepSpec {
  return { ...stepSpec({ kind, defaultId: id, defaultTitle: id, effect, common: {}, args: {} }), phase };
}

/** A plan that touches no database. */
export function toyPlan(steps: readonly StepSpec[]): Plan {
  const database = { host: 'none', port: 1, user: 'none', database: 'none' };
  return {
    format: 1,
    runbook: 'toy',
    title: 'Toy',
    target: { name: 'toy', environment: 'production', database, settings: {} },
    releases: null,
    window: { start: '02:00', end: '04:00', zone: 'UTC' },
    protectedTables: [],
    steps,
    matrix: [],
    receiptMaxAgeMs: 1000,
    rollbackMarginMs: 0,
  };
}

/** A journal in memory with the same contract as the file. */
export function memoryJournal(
  records: JournalRecord[] = [],
): LocalJournal & { readonly records: JournalRecord[] } {
  return {
    records,
    append(body) {
      const record = sealRecord({
        last: records.at(-1),
        at: new Date(1_000 * records.length).toISOString(),
        body,
      });
      records.push(record);
      return record;
    },
    close: () => undefined,
  };
}

/** The first record of a toy run. */
export function started(kind: RunKind = 'live'): JournalBody {
  return {
    type: 'run-started',
    runId: 'run-toy',
    kind,
    planHash: 'p',
    runbook: 'toy',
    target: 'toy',
    toolVersion: '0',
    operator: 'tester',
    identity: {},
    gate: {},
  };
}

/** State after these bodies. */
export function stateAfter(...bodies: readonly JournalBody[]) {
  const journal = memoryJournal();
  for (const body of bodies) journal.append(body);
  return foldJournal(journal.records);
}
