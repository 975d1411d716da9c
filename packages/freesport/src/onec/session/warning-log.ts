import { appendFile, open } from 'node:fs/promises';
import type { Client } from 'pg';
import { OnecImportError } from '../errors.ts';

/** One line of the log: a warning of a session, or the error that ended it. */
export interface LogLine {
  readonly session: number;
  readonly code: string;
  readonly subject: string | null;
  readonly file: string | null;
  readonly byteOffset: number | null;
  readonly message: string;
}

interface WarningRow {
  readonly id: number;
  readonly code: string;
  readonly subject: string | null;
  readonly file: string | null;
  readonly byte_offset: number | null;
  readonly message: string;
}

const PAGE_ROWS = 5_000;
/** Customers' data may stand in a message: the log is not for everybody. */
const LOG_MODE = 0o640;

/**
 * Opens the log and closes it again, before anything is begun: a missing folder or a missing right is found out while
 * nothing has changed, and not after the catalogue is committed.
 *
 * @throws OnecImportError `log-unwritable`.
 * @example await requireWritableLog('/var/log/freesport/import.jsonl');
 */
export async function requireWritableLog(file: string): Promise<void> {
  try {
    await (await open(file, 'a', LOG_MODE)).close();
  } catch (cause) {
    throw new OnecImportError({
      code: 'log-unwritable',
      seen: `the log ${file} cannot be written (${(cause as NodeJS.ErrnoException).code})`,
      expected: 'a file in a folder that is there and may be written',
      next: 'name another one, or make the folder; nothing was changed',
      fields: { file },
      cause,
    });
  }
}

/**
 * Appends the warnings of a session to a file, one JSON object a line, page by page: an exchange may have a million of
 * them.
 *
 * @returns The number of lines written.
 * @example await appendWarnings(client, { session: 7, file: '/var/log/freesport/import.jsonl' });
 */
export async function appendWarnings(
  client: Client,
  log: { readonly session: number; readonly file: string },
): Promise<number> {
  const file = await open(log.file, 'a', LOG_MODE);
  let written = 0;
  try {
    for (let last = 0; ; ) {
      const { rows } = await client.query<WarningRow>(
        `SELECT id, code, subject, file, byte_offset, message FROM import_warnings
         WHERE session_id = $1 AND id > $2 ORDER BY id LIMIT ${PAGE_ROWS}`,
        [log.session, last],
      );
      const final = rows.at(-1);
      if (final === undefined) break;
      last = final.id;
      await file.appendFile(rows.map((row) => line(log.session, row)).join(''));
      written += rows.length;
    }
  } finally {
    await file.close();
  }
  return written;
}

/** Appends the one line that says why a session failed. */
export async function appendFailure(file: string, failure: LogLine): Promise<void> {
  await appendFile(file, `${JSON.stringify(failure)}\n`, { mode: LOG_MODE });
}

function line(session: number, row: WarningRow): string {
  const { code, subject, file, byte_offset: byteOffset, message } = row;
  return `${JSON.stringify({ session, code, subject, file, byteOffset, message } satisfies LogLine)}\n`;
}
