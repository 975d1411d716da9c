import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { Client } from 'pg';

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
  const stream = createWriteStream(log.file, { flags: 'a', mode: 0o640 });
  await once(stream, 'open');
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
      written += rows.length;
      if (!stream.write(rows.map((row) => line(log.session, row)).join(''))) await once(stream, 'drain');
    }
  } finally {
    stream.end();
    await once(stream, 'close');
  }
  return written;
}

/** Appends the one line that says why a session failed. */
export async function appendFailure(file: string, failure: LogLine): Promise<void> {
  const stream = createWriteStream(file, { flags: 'a', mode: 0o640 });
  stream.end(`${JSON.stringify(failure)}\n`);
  await once(stream, 'close');
}

function line(session: number, row: WarningRow): string {
  const { code, subject, file, byte_offset: byteOffset, message } = row;
  return `${JSON.stringify({ session, code, subject, file, byteOffset, message } satisfies LogLine)}\n`;
}
