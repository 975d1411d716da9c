import { digestOf } from '../digest.ts';
import { Refused } from '../errors.ts';
import type { JournalBody, JournalRecord } from './record.ts';

/** `prev` of the first record. */
const GENESIS = '0'.repeat(64);

/** Seals a body as the record that follows `last`. Pure: the time is an argument. */
export function sealRecord(options: {
  readonly last: JournalRecord | undefined;
  readonly at: string;
  readonly body: JournalBody;
}): JournalRecord {
  const { last, at, body } = options;
  // Through JSON once, so that the hash is of what a reader of the file will see.
  const unsealed = {
    n: (last?.n ?? 0) + 1,
    at,
    prev: last?.hash ?? GENESIS,
    body: JSON.parse(JSON.stringify(body)) as JournalBody,
  };
  return { ...unsealed, hash: digestOf(unsealed) };
}

/** What reading a journal's text gives: its records, and the torn last line where a crash left one. */
export interface ParsedJournal {
  readonly records: readonly JournalRecord[];
  /** Bytes after the last whole record: to be quarantined, they were never acknowledged. */
  readonly torn: string;
}

/**
 * Parses and verifies a journal. A last line without its line end is torn (a crash during the append) and returned
 * apart; anything else that does not fit the chain was changed by someone.
 *
 * @throws Refused `journal-edited`, naming the line.
 */
export function parseJournal(text: string): ParsedJournal {
  const lines = text.split('\n');
  const torn = lines.pop() ?? '';
  const records: JournalRecord[] = [];
  for (const [index, line] of lines.entries()) {
    const record = parseLine(line, index + 1);
    requireChained(record, records.at(-1), index + 1);
    records.push(record);
  }
  return { records, torn };
}

function parseLine(line: string, number: number): JournalRecord {
  try {
    return JSON.parse(line) as JournalRecord;
  } catch (cause) {
    throw edited(number, 'is not JSON', cause);
  }
}

function requireChained(record: JournalRecord, last: JournalRecord | undefined, number: number): void {
  const { hash, ...unsealed } = record;
  if (record.n !== number)
    throw edited(number, `carries the number ${record.n}: a record is missing or repeated`);
  if (record.prev !== (last?.hash ?? GENESIS))
    throw edited(number, 'does not follow from the record before it');
  if (hash !== digestOf(unsealed)) throw edited(number, 'does not match its own hash');
}

function edited(line: number, why: string, cause?: unknown): Refused {
  return new Refused({
    code: 'journal-edited',
    seen: `line ${line} of the journal ${why}`,
    expected: 'an unbroken chain of records: the journal is append-only',
    next: 'restore the journal from its copy; do not act on this run until its true history is known',
    fields: { line },
    cause,
  });
}
