import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { Failed, Refused } from '../errors.ts';
import { parseJournal, sealRecord } from './chain.ts';
import type { JournalBody, JournalRecord } from './record.ts';

/** Where the records of one run are kept. The engine knows only this; a file is one way, a control database another. */
export interface JournalStore {
  readonly records: readonly JournalRecord[];
  /** Durable when it returns, or when what it returns is settled: whoever appends waits before acting on it. */
  append(body: JournalBody): JournalRecord | Promise<JournalRecord>;
  close(): void | Promise<void>;
}

/** A journal of this machine: durable when the call returns. */
export interface LocalJournal extends JournalStore {
  append(body: JournalBody): JournalRecord;
  close(): void;
}

/**
 * Opens (or creates) a journal file, verifies its chain and keeps it open for appending. Synchronous on purpose: a
 * record is on disk (fsync) before the effect it announces may begin, and there is one writer.
 *
 * A torn last line is moved to `<file>.torn-<byte>` and cut off: its append was never acknowledged.
 *
 * @throws Refused `journal-edited`, `journal-missing`; Failed `journal-unwritable` when the disk refuses.
 */
export function openJournal(
  file: string,
  options: { readonly create: boolean; readonly now?: () => Date },
): LocalJournal {
  if (!options.create && !existsSync(file)) throw journalMissing(file);
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const { records, torn } = existsSync(file)
    ? parseJournal(readFileSync(file, 'utf8'))
    : { records: [], torn: '' };
  const descriptor = openSync(file, 'a', 0o600);
  if (torn !== '') quarantine(file, descriptor, torn);
  else syncFolder(path.dirname(file));
  return new JournalFile(file, descriptor, [...records], options.now ?? (() => new Date()));
}

/** Reads a journal without opening it for writing. Its torn tail, if any, is left in place. */
export function readJournal(file: string): readonly JournalRecord[] {
  if (!existsSync(file)) throw journalMissing(file);
  return parseJournal(readFileSync(file, 'utf8')).records;
}

/** The refusal to act on a run of which there is nothing. */
export function journalMissing(place: string): Refused {
  return new Refused({
    code: 'journal-missing',
    seen: `no journal at ${place}`,
    expected: 'the journal of a run',
    next: 'check --state, or start a run',
  });
}

/** Cut off only once it is kept: a full disk, which may have torn it, ends here and changes nothing. */
function quarantine(file: string, descriptor: number, torn: string): void {
  const whole = Buffer.byteLength(readFileSync(file, 'utf8')) - Buffer.byteLength(torn);
  try {
    writeFileSync(`${file}.torn-${whole}`, torn, { mode: 0o600, flush: true });
    ftruncateSync(descriptor, whole);
    fsyncSync(descriptor);
  } catch (cause) {
    closeSync(descriptor);
    throw unwritable(`${file}.torn-${whole}`, cause);
  }
}

/** What a full or failing disk under the state folder is told as. */
export function unwritable(file: string, cause: unknown): Failed {
  return new Failed({
    code: 'journal-unwritable',
    seen: `writing ${file}: ${(cause as Error).message}`,
    expected: 'every record on disk before the effect that it announces',
    next: 'free the disk, then `roundtrip resume`; nothing was begun that is not in the journal',
    cause,
  });
}

/** A new file is durable only once its folder's entry is. */
function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  fsyncSync(descriptor);
  closeSync(descriptor);
}

class JournalFile implements LocalJournal {
  readonly #file: string;
  readonly #descriptor: number;
  readonly #records: JournalRecord[];
  readonly #now: () => Date;
  #closed = false;

  constructor(file: string, descriptor: number, records: JournalRecord[], now: () => Date) {
    this.#file = file;
    this.#descriptor = descriptor;
    this.#records = records;
    this.#now = now;
  }

  get records(): readonly JournalRecord[] {
    return this.#records;
  }

  append(body: JournalBody): JournalRecord {
    const record = sealRecord({ last: this.#records.at(-1), at: this.#now().toISOString(), body });
    const line = Buffer.from(`${JSON.stringify(record)}\n`);
    try {
      let written = 0;
      while (written < line.length) written += writeSync(this.#descriptor, line, written);
      fsyncSync(this.#descriptor);
    } catch (cause) {
      throw unwritable(this.#file, cause);
    }
    this.#records.push(record);
    return record;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#descriptor);
  }
}
