import { isDeepStrictEqual } from 'node:util';
import { RoundtripError } from '../errors.ts';
import { parseJournal } from '../journal/chain.ts';
import type { JournalRecord } from '../journal/record.ts';
import { planHash } from '../runbook/plan.ts';
import { REPORT_FORMAT, type Report, summariseRun } from './report.ts';

/** What `roundtrip verify` found. No problems means: the chain holds and every number follows from it. */
export interface Verification {
  readonly records: number;
  readonly head: string;
  readonly problems: readonly string[];
}

/** The marker between which the HTML report carries its data. */
const EMBEDDED = /<script type="application\/json" id="roundtrip-report">([\s\S]*?)<\/script>/;

/**
 * Recomputes a report (HTML or JSON) or a journal: the chain of hashes, the plan's hash against the one the run
 * pinned, and every number of the summary. Pure and offline; a damaged file gives problems, not an exception.
 *
 * @example verifyReport(readFileSync('report.html', 'utf8')).problems // []
 */
export function verifyReport(text: string): Verification {
  const embedded = EMBEDDED.exec(text)?.[1];
  try {
    if (embedded === undefined && text.startsWith('{"n":1,'))
      return verifyRecords(parseJournal(text).records);
    return verifyParsed(JSON.parse(embedded ?? text) as Report);
  } catch (error) {
    const problem =
      error instanceof RoundtripError ? error.seen : `the file cannot be read: ${(error as Error).message}`;
    return { records: 0, head: '', problems: [problem] };
  }
}

function verifyRecords(records: readonly JournalRecord[]): Verification {
  return { records: records.length, head: records.at(-1)?.hash ?? '', problems: [] };
}

function verifyParsed(report: Report): Verification {
  // Through the same parser as a journal on disk: one definition of an unbroken chain.
  const { records } = parseJournal(report.records.map((record) => `${JSON.stringify(record)}\n`).join(''));
  const problems: string[] = [];
  const started = records[0]?.body;
  const hash = planHash(report.plan);
  if (started?.type !== 'run-started') problems.push('the journal does not begin with the start of a run');
  else if (started.planHash !== hash)
    problems.push(
      `the plan has the hash ${hash.slice(0, 12)}, the run pinned ${started.planHash.slice(0, 12)}`,
    );
  if (problems.length === 0 && report.format !== REPORT_FORMAT)
    problems.push(
      `the report has format ${String(report.format)}, this version recomputes ${REPORT_FORMAT}: verify it with ${toolVersionOf(report)}`,
    );
  if (problems.length === 0) problems.push(...differingMembers(report));
  return { records: records.length, head: records.at(-1)?.hash ?? '', problems };
}

function toolVersionOf(report: Report): string {
  const started = report.records[0]?.body;
  return started?.type === 'run-started' ? `version ${started.toolVersion}` : 'the version that made it';
}

function differingMembers(report: Report): string[] {
  const recomputed = JSON.parse(JSON.stringify(summariseRun(report.plan, report.records))) as Record<
    string,
    unknown
  >;
  const claimed = JSON.parse(JSON.stringify(report.summary)) as Record<string, unknown>;
  const names = new Set([...Object.keys(recomputed), ...Object.keys(claimed)]);
  return [...names]
    .filter((name) => !isDeepStrictEqual(recomputed[name], claimed[name]))
    .map((name) => `"${name}" does not follow from the journal`);
}
