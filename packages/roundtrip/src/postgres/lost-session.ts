import { Ambiguous } from '../errors.ts';

/** Class 08 of SQLSTATE, and what the server says when it ends a session or itself (57P01 to 57P03, 57P05). */
const SQLSTATE = /^(08...|57P0[1235])$/;
const ERRNO = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH']);
/** node-postgres has no code for these. */
const MESSAGE = /^(Connection terminated|Client has encountered a connection error|Client was closed)/;

/**
 * A lost session as what it is: whether the last statement took effect is not known. Undefined for anything else,
 * and for errors that are ours: whoever raised those knew more.
 *
 * @example throw lostSession(error) ?? error
 */
export function lostSession(error: unknown): Ambiguous | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error ? String(error.code) : '';
  if (!SQLSTATE.test(code) && !ERRNO.has(code) && !MESSAGE.test(error.message)) return undefined;
  return new Ambiguous({
    code: 'session-lost',
    seen: `a session on the server was lost: ${error.message}`,
    expected: 'it to last until its work was done',
    next: 'what was under way is looked at before it is tried again; when this repeats, look at the network and the server log',
    cause: error,
  });
}
