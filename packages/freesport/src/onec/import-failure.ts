import { CommerceMlError } from 'commerceml';
import type { Client } from 'pg';
import { OnecImportError } from './errors.ts';
import { failSession } from './session/import-session.ts';
import { appendFailure } from './session/warning-log.ts';
import { STAGING_SCHEMA } from './staging/staging-schema.ts';

/** A session that has begun and cannot be completed. */
export interface FailingImport {
  readonly control: Client;
  readonly sessionId: number;
  readonly logFile?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Fails the session, drops its staging and says why; what cannot be written any more does not hide the first error.
 *
 * @example throw await failImport(cause, { control, sessionId, logFile });
 */
export async function failImport(cause: unknown, failing: FailingImport): Promise<OnecImportError> {
  const error = explained(cause, failing);
  try {
    await failSession(failing.control, failing.sessionId, error.message);
    await failing.control.query(`DROP SCHEMA IF EXISTS ${STAGING_SCHEMA} CASCADE`);
    if (failing.logFile !== undefined) {
      const { file = null, offset = null } = cause instanceof CommerceMlError ? cause : {};
      await appendFailure(failing.logFile, {
        session: failing.sessionId,
        code: error.reason,
        subject: null,
        file,
        byteOffset: offset,
        message: error.message,
      });
    }
  } catch {
    // The connection is gone; the next import finds the session without a process and fails it.
  }
  return error;
}

function explained(cause: unknown, { sessionId, signal }: FailingImport): OnecImportError {
  if (cause instanceof OnecImportError) return cause;
  const fields = { session: sessionId };
  if (cause instanceof CommerceMlError) {
    const { file, offset, line, code } = cause;
    return new OnecImportError({
      code: 'exchange-unreadable',
      seen: cause.message,
      expected: 'whole, well-formed CommerceML files',
      next: 'have 1C send the exchange again; the catalogue was not changed',
      fields: { ...fields, file, offset, line, defect: code },
      cause,
    });
  }
  if (signal?.aborted === true) {
    return new OnecImportError({
      code: 'import-aborted',
      seen: 'the import was stopped',
      expected: 'to run to its end',
      next: 'start it again; the catalogue was not changed',
      fields,
      cause,
    });
  }
  const message = cause instanceof Error ? cause.message : String(cause);
  return new OnecImportError({
    code: 'import-failed',
    seen: `the database refused: ${message}`,
    expected: 'every statement of the import to succeed',
    next: 'look at the cause; a COMMIT whose answer was lost shows as a completed session, everything else changed nothing',
    fields,
    cause,
  });
}
