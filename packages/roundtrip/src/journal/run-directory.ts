import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Refused } from '../errors.ts';
import { type Plan, planHash } from '../runbook/plan.ts';

/**
 * The folder of state, private to the operator and outside every database:
 *
 * ```
 * <state>/lock                    who operates now
 * <state>/runs/<run>/plan.json    the frozen plan
 * <state>/runs/<run>/journal.ndjson
 * <state>/runs/<run>/log.txt      redacted lines of children
 * <state>/runs/<run>/backup/      the verified backup of the run
 * <state>/receipts/<plan>-<run>.json
 * ```
 */
export interface StateFolder {
  readonly root: string;
}

/** Makes the folder of state, readable by the operator alone. */
export function openStateFolder(root: string): StateFolder {
  for (const folder of [root, path.join(root, 'runs'), path.join(root, 'receipts')])
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  return { root: path.resolve(root) };
}

/** Where the parts of one run are. */
export function runPaths(
  state: StateFolder,
  runId: string,
): { readonly folder: string; readonly journal: string; readonly plan: string; readonly log: string } {
  const folder = path.join(state.root, 'runs', runId);
  return {
    folder,
    journal: path.join(folder, 'journal.ndjson'),
    plan: path.join(folder, 'plan.json'),
    log: path.join(folder, 'log.txt'),
  };
}

/**
 * A new run's id: sortable by time, telling its kind. `2026-11-23T02-00-00-live-8f3a`
 *
 * @example newRunId({ now: new Date(), kind: 'live', salt: '8f3a' })
 */
export function newRunId(options: {
  readonly now: Date;
  readonly kind: string;
  readonly salt: string;
}): string {
  return `${options.now.toISOString().slice(0, 19).replaceAll(':', '-')}-${options.kind}-${options.salt}`;
}

/** Writes a run's plan, once, before its journal begins. */
export function savePlan(state: StateFolder, runId: string, plan: Plan): void {
  const { folder, plan: file } = runPaths(state, runId);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, `${JSON.stringify(plan, null, 2)}\n`, { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
}

/**
 * The plan that a run was started with.
 *
 * @throws Refused `plan-edited` when the file no longer has the hash the journal pinned.
 */
export function loadPlan(state: StateFolder, runId: string, expectedHash: string): Plan {
  const { plan: file } = runPaths(state, runId);
  const plan = JSON.parse(readFileSync(file, 'utf8')) as Plan;
  const hash = planHash(plan);
  if (hash === expectedHash) return plan;
  throw new Refused({
    code: 'plan-edited',
    seen: `${file} has the hash ${hash.slice(0, 12)}`,
    expected: `the plan that the run was started with, ${expectedHash.slice(0, 12)}`,
    next: 'restore the file from its copy; a changed plan needs a rehearsal and a run of its own',
  });
}

/** The runs there are, newest first. */
export function listRuns(state: StateFolder): readonly string[] {
  const folder = path.join(state.root, 'runs');
  return readdirSync(folder)
    .filter((run) => existsSync(path.join(folder, run, 'journal.ndjson')))
    .sort()
    .reverse();
}
