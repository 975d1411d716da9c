import { isDeepStrictEqual } from 'node:util';
import { RoundtripError } from '../errors.ts';
import { parseJournal } from '../journal/chain.ts';
import type { JournalRecord } from '../journal/record.ts';
import { type Plan, planHash } from '../runbook/plan.ts';
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
    return unreadable(error);
  }
}

/**
 * The same of a run's folder: the journal's chain, and that the plan beside it is the one which the run pinned.
 *
 * @example verifyRun(readFileSync('journal.ndjson', 'utf8'), readFileSync('plan.json', 'utf8')).problems // []
 */
export function verifyRun(journal: string, plan: string): Verification {
  try {
    const { records } = parseJournal(journal);
    return { ...verifyRecords(records), problems: pinProblems(records, JSON.parse(plan) as Plan) };
  } catch (error) {
    return unreadable(error);
  }
}

function unreadable(error: unknown): Verification {
  const problem =
    error instanceof RoundtripError ? error.seen : `the file cannot be read: ${(error as Error).message}`;
  return { records: 0, head: '', problems: [problem] };
}

function pinProblems(records: readonly JournalRecord[], plan: Plan): string[] {
  const started = records[0]?.body;
  if (started?.type !== 'run-started') return ['the journal does not begin with the start of a run'];
  const hash = planHash(plan);
  if (started.planHash === hash) return [];
  return [`the plan has the hash ${hash.slice(0, 12)}, the run pinned ${started.planHash.slice(0, 12)}`];
}

function verifyRecords(records: readonly JournalRecord[]): Verification {
  return { records: records.length, head: records.at(-1)?.hash ?? '', problems: [] };
}

function verifyParsed(report: Report): Verification {
  // Through the same parser as a journal on disk: one definition of an unbroken chain.
  const { records } = parseJournal(report.records.map((record) => `${JSON.stringify(record)}\n`).join(''));
  const problems = pinProblems(records, report.plan);
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
