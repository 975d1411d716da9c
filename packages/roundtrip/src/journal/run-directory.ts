import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
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
 * <state>/runs/<run>/files-at     where the two above are instead, if on a shared file system
 * <state>/runs/<run>/place        by which another machine knows such a folder again
 * <state>/receipts/<plan>-<run>.json
 * <state>/control-store.json      the control store that all of this is a copy of, if it is one
 * ```
 */
export interface StateFolder {
  readonly root: string;
  /** Of a run's folder that was copied somewhere else: its name. `root` is then that folder itself, and only read. */
  readonly loneRun?: string | undefined;
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
  const folder = state.loneRun === runId ? state.root : path.join(state.root, 'runs', runId);
  return {
    folder,
    journal: path.join(folder, 'journal.ndjson'),
    plan: path.join(folder, 'plan.json'),
    log: path.join(folder, 'log.txt'),
  };
}

/** Where a run's steps keep their files: its folder here, or that of another machine which is mounted here. */
export function runFilesFolder(state: StateFolder, runId: string): string {
  const { folder } = runPaths(state, runId);
  const pointer = path.join(folder, FILES_AT);
  return existsSync(pointer) ? readFileSync(pointer, 'utf8') : folder;
}

/** Says where the files of a run are, for `runFilesFolder`. */
export function pointToFiles(state: StateFolder, runId: string, files: string): void {
  const { folder } = runPaths(state, runId);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const pointer = path.join(folder, FILES_AT);
  if (files === folder) rmSync(pointer, { force: true });
  else writeFileSync(pointer, files, { mode: 0o600, flush: true });
}

const FILES_AT = 'files-at';

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

/**
 * The run whose folder is named: inside its folder of state, where receipts and other runs are found beside it, or
 * copied anywhere else, where plan and journal stand for themselves. Makes nothing.
 *
 * @throws Refused `not-a-run` for a folder without journal or plan.
 * @example locateRun('/audit/2026-11-23T02-00-00-live-8f3a').state.root // that very folder
 */
export function locateRun(folder: string): { readonly state: StateFolder; readonly runId: string } {
  const full = path.resolve(folder);
  const runId = path.basename(full);
  const missing = ['journal.ndjson', 'plan.json'].filter((name) => !existsSync(path.join(full, name)));
  if (missing.length > 0)
    throw new Refused({
      code: 'not-a-run',
      seen: `${full} has no ${missing.join(' and no ')}`,
      expected: 'the folder of a run, in its folder of state or copied from there',
      next: 'name one, or a folder of runs with --runs where the verb has it',
    });
  const runs = path.dirname(full);
  const state =
    path.basename(runs) === 'runs' ? { root: path.dirname(runs) } : { root: full, loneRun: runId };
  return { state, runId };
}

/** The runs there are, newest first. */
export function listRuns(state: StateFolder): readonly string[] {
  if (state.loneRun !== undefined) return [state.loneRun];
  const folder = path.join(state.root, 'runs');
  return readdirSync(folder)
    .filter((run) => existsSync(path.join(folder, run, 'journal.ndjson')))
    .sort()
    .reverse();
}

/** What is written before a run's first record: left alone by a process that died there, it was never a run. */
const BEFORE_JOURNAL = ['plan.json', 'plan.json.new', 'place', FILES_AT];

/**
 * Runs that have left files and have no journal, newest first: it was removed, or put somewhere else. Where production
 * stands is then not known, and that there was no run would be a lie.
 */
export function runsWithoutJournal(state: StateFolder): readonly string[] {
  if (state.loneRun !== undefined) return [];
  const folder = path.join(state.root, 'runs');
  const left = (run: string): readonly string[] =>
    statSync(path.join(folder, run)).isDirectory() ? readdirSync(path.join(folder, run)) : [];
  return readdirSync(folder)
    .filter((run) => {
      const names = left(run);
      return !names.includes('journal.ndjson') && names.some((name) => !BEFORE_JOURNAL.includes(name));
    })
    .sort()
    .reverse();
}
