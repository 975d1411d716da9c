import { existsSync, readFileSync } from 'node:fs';
import { Refused } from '../errors.ts';
import { foldJournal, type RunState } from '../journal/fold.ts';
import { readJournal } from '../journal/journal-file.ts';
import type { JournalRecord, RunKind } from '../journal/record.ts';
import {
  listRuns,
  loadPlan,
  runPaths,
  runsWithoutJournal,
  type StateFolder,
} from '../journal/run-directory.ts';
import type { Plan } from '../runbook/plan.ts';

/** A run read without acting on it. */
export interface RunView {
  readonly runId: string;
  readonly plan: Plan;
  readonly records: readonly JournalRecord[];
  readonly state: RunState;
}

/** Reads a run, verifying its chain and its plan. */
export function viewRun(folder: StateFolder, runId: string): RunView {
  const records = readJournal(runPaths(folder, runId).journal);
  const state = foldJournal(records);
  return { runId, records, state, plan: loadPlan(folder, runId, state.started.planHash) };
}

/**
 * The newest run of a target, unfinished ones first; undefined when there is none.
 *
 * @throws Refused `journal-missing` where a newer one has left files and no journal.
 */
export function latestRun(
  folder: StateFolder,
  filter: { readonly target?: string | undefined; readonly kind?: RunKind | undefined } = {},
): RunView | undefined {
  const views = listRuns(folder)
    .map((runId) => ({ runId, records: readJournal(runPaths(folder, runId).journal) }))
    // A process that died before its first record was whole never started a run.
    .filter(({ records }) => records.length > 0)
    .map(({ runId, records }) => ({ runId, state: foldJournal(records) }))
    .filter(
      ({ state: { started } }) =>
        (filter.target === undefined || started.target === filter.target) &&
        (filter.kind === undefined || started.kind === filter.kind),
    );
  refuseLostJournal(folder, filter, views[0]?.runId);
  const chosen = views.find(({ state }) => state.verdict === undefined) ?? views[0];
  return chosen === undefined ? undefined : viewRun(folder, chosen.runId);
}

/** An older run would be taken for the newest, and be told that it is over. */
function refuseLostJournal(
  folder: StateFolder,
  filter: { readonly target?: string | undefined; readonly kind?: RunKind | undefined },
  newest: string | undefined,
): void {
  const lost = runsWithoutJournal(folder).find(
    (runId) =>
      (newest === undefined || runId > newest) &&
      (filter.kind === undefined || runId.split('-').at(-2) === filter.kind) &&
      (filter.target === undefined || [undefined, filter.target].includes(targetOf(folder, runId))),
  );
  if (lost === undefined) return;
  throw new Refused({
    code: 'journal-missing',
    seen: `run ${lost} has left files and no journal: ${runPaths(folder, lost).journal} is gone`,
    expected: 'the journal, without which nobody knows where production stands',
    next: 'bring it back from where it was put, or from its copy, before anything else; a folder that is none of a run belongs somewhere else',
  });
}

/** Undefined where its plan is gone as well. */
function targetOf(folder: StateFolder, runId: string): string | undefined {
  const { plan } = runPaths(folder, runId);
  return existsSync(plan) ? (JSON.parse(readFileSync(plan, 'utf8')) as Plan).target.name : undefined;
}
