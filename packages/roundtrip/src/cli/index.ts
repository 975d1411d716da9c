/** The command line as a library: for the demo, for tests and for whoever drives it from a program. */
import { latestRun } from '../engine/run-view.ts';
import { Refused } from '../errors.ts';
import type { RunKind } from '../journal/record.ts';
import { openStateFolder } from '../journal/run-directory.ts';
import { makeReport, type Report } from '../report/report.ts';
import { type CliEnvironment, stateRoot } from './environment.ts';

export { fingerprintTables } from '../postgres/fingerprint.ts';
export { changesOfAllText } from '../report/changes-text.ts';
export type { Report } from '../report/report.ts';
export { verifyReport } from '../report/verify-report.ts';
export { formatMs } from '../runbook/duration.ts';
export { stepKinds } from '../steps/index.ts';
export { type CliEnvironment, processEnvironment } from './environment.ts';
export { EXIT } from './exit-codes.ts';
export { main } from './main.ts';

/** The report of a target's newest run, without writing a file. */
export function reportOf(
  environment: CliEnvironment,
  filter: { readonly target: string; readonly kind: RunKind },
): Report {
  const view = latestRun(openStateFolder(stateRoot(environment, {})), filter);
  if (view === undefined)
    throw new Refused({
      code: 'no-run',
      seen: `no ${filter.kind} run on ${filter.target}`,
      expected: 'a run',
      next: 'start one',
    });
  return makeReport(view.plan, view.records);
}
