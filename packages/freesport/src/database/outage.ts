import { ShopError } from '../errors.ts';

/** Codes of the network and of PostgreSQL (manual, appendix A) that mean "the database is away", not "bad query". */
const OUTAGE_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOENT',
  'ETIMEDOUT',
  '08000',
  '08001',
  '08003',
  '08004',
  '08006',
  '57P01', // admin_shutdown: terminated by pg_terminate_backend
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
  '57P05', // idle_session_timeout
  '3D000', // the database is between two names
  '53300', // too_many_connections
  '55000', // "database is not currently accepting connections" (ALLOW_CONNECTIONS false)
]);

/** Messages of `pg` for sockets that ended without an error code. */
const OUTAGE_MESSAGE =
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|not queryable|Query read timeout/;

/**
 * Whether an error says that the database is away for now: fenced, renamed, restarting, or unreachable. The caller may
 * try again on a fresh connection, and a request is answered 503.
 *
 * @example
 * if (isOutage(error)) return reply.code(503).send(...);
 */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  // Already judged: a lost COMMIT above all must not look like something to try again.
  if (error instanceof ShopError) return false;
  const code = (error as Error & { code?: unknown }).code;
  if (typeof code === 'string' && OUTAGE_CODES.has(code)) return true;
  if (OUTAGE_MESSAGE.test(error.message)) return true;
  if (error instanceof AggregateError) return error.errors.some(isOutage);
  return error.cause !== undefined && isOutage(error.cause);
}
