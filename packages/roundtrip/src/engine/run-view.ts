import { foldJournal, type RunState } from '../journal/fold.ts';
import { readJournal } from '../journal/journal-file.ts';
import type { JournalRecord, RunKind } from '../journal/record.ts';
import { listRuns, loadPlan, runPaths, type StateFolder } from '../journal/run-directory.ts';
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

/** The newest run of a target, unfinished ones first; undefined when there is none. */
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
  const chosen = views.find(({ state }) => state.verdict === undefined) ?? views[0];
  return chosen === undefined ? undefined : viewRun(folder, chosen.runId);
}
