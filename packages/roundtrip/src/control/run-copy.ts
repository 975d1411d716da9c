import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { Refused } from '../errors.ts';
import { parseJournal } from '../journal/chain.ts';
import { unwritable } from '../journal/journal-file.ts';
import type { JournalRecord } from '../journal/record.ts';
import { runPaths, type StateFolder } from '../journal/run-directory.ts';

/** A run as a store has it. */
export interface StoredRun {
  readonly runId: string;
  /** The plan, as JSON. */
  readonly plan: string;
  /** Its journal, line by line, as the file of a journal has it. */
  readonly text: string;
}

/**
 * Makes this machine's copy of a run what the store has, and gives the records. The copy is what `status`, the dashboard and
 * the report read, and what is left to be read where the store is away.
 *
 * A record that is here and not there was acknowledged and is lost in the store, which happens to one that was brought back
 * from an old backup or from a replica that lagged: whoever went on from there would act on half of the history.
 *
 * @throws Refused `journal-edited`, `journal-diverged`; Failed `journal-unwritable`.
 * @example const records = copyRun(state, { runId, plan, text });
 */
export function copyRun(state: StateFolder, run: StoredRun): readonly JournalRecord[] {
  const { records } = parseJournal(run.text);
  const { folder, journal, plan } = runPaths(state, run.runId);
  const present = existsSync(journal) ? readFileSync(journal, 'utf8') : '';
  if (present === run.text && existsSync(plan)) return records;
  // What follows the last line's end was never acknowledged.
  const kept = new Set(run.text.split('\n'));
  const lost = present
    .split('\n')
    .slice(0, -1)
    .findIndex((line) => !kept.has(line));
  if (lost !== -1) throw diverged(run.runId, lost + 1, records.length);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const [file, text] of [
      [plan, run.plan],
      [journal, run.text],
    ] as const) {
      writeFileSync(`${file}.new`, text, { mode: 0o600, flush: true });
      renameSync(`${file}.new`, file);
    }
  } catch (cause) {
    throw unwritable(journal, cause);
  }
  return records;
}

/** Adds a record that the store has taken to this machine's copy. */
export function copyRecord(state: StateFolder, runId: string, line: string): void {
  const { journal } = runPaths(state, runId);
  try {
    appendFileSync(journal, `${line}\n`, { mode: 0o600, flush: true });
  } catch (cause) {
    throw unwritable(journal, cause);
  }
}

function diverged(runId: string, line: number, stored: number): Refused {
  return new Refused({
    code: 'journal-diverged',
    seen: `record ${line} of run ${runId} in this machine's copy is not in the control store, which has ${stored} records of it`,
    expected: 'a store that has every record that was ever acknowledged',
    next: 'do not act on this run: find out whether the store was restored from an old backup, or failed over to a replica that lagged, or the copy was edited',
    fields: { line, stored },
  });
}
