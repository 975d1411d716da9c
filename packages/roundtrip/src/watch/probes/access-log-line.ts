import type { AccessLogSource } from '../watch-plan.ts';
import { PROBE_LABEL } from './http-probe.ts';

/** One request as an access log tells it. */
export interface LoggedRequest {
  readonly status: number;
  readonly tookMs: number | undefined;
  readonly isProbe: boolean;
}

/**
 * nginx's "combined", optionally followed by `$request_time` in seconds:
 *
 * ```
 * 10.0.0.7 - - [30/Nov/2025:02:59:01 +0300] "GET /api/products/ HTTP/1.1" 200 812 "-" "Mozilla/5.0" 0.043
 * ```
 *
 * nginx writes quotes and backslashes inside a quoted field as \x22 and \x5C, other servers as \" and \\.
 */
const COMBINED =
  /^\S+ \S+ .*?\[[^\]]+\] "(?:[^"\\]|\\.)*" (\d{3}) (?:\d+|-) "(?:[^"\\]|\\.)*" "((?:[^"\\]|\\.)*)"(?: (\d+\.\d+))?/;

/**
 * Reads one line; undefined when it is not in the format.
 *
 * @example parseAccessLogLine('{"status":200,"took":0.043}', { status: 'status', duration: 'took' })
 */
export function parseAccessLogLine(
  line: string,
  format: AccessLogSource['format'],
): LoggedRequest | undefined {
  return format === 'nginx' ? parseCombined(line) : parseJson(line, format);
}

function parseCombined(line: string): LoggedRequest | undefined {
  const [, status, userAgent = '', seconds] = COMBINED.exec(line) ?? [];
  if (status === undefined) return undefined;
  return {
    status: Number(status),
    tookMs: seconds === undefined ? undefined : Number(seconds) * 1000,
    isProbe: userAgent.startsWith(PROBE_LABEL),
  };
}

function parseJson(
  line: string,
  format: Exclude<AccessLogSource['format'], 'nginx'>,
): LoggedRequest | undefined {
  const entry = objectOf(line);
  if (entry === undefined) return undefined;
  const status = numberIn(entry, format.status);
  if (status === undefined || !Number.isInteger(status) || status < 100 || status > 599) return undefined;
  const duration = format.duration === undefined ? undefined : numberIn(entry, format.duration);
  const userAgent = valueIn(entry, format.userAgent ?? 'userAgent');
  return {
    status,
    tookMs: duration === undefined ? undefined : duration * (format.durationUnit === 'ms' ? 1 : 1000),
    isProbe: typeof userAgent === 'string' && userAgent.startsWith(PROBE_LABEL),
  };
}

function objectOf(line: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(line);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : undefined;
  } catch (error) {
    // Not JSON is an answer here: the caller counts such lines and gives up on a log that is full of them.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Members may be nested: pino writes `{"res":{"statusCode":200}}`, named "res.statusCode". */
function valueIn(entry: Record<string, unknown>, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (value, key) =>
        typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined,
      entry,
    );
}

function numberIn(entry: Record<string, unknown>, path: string): number | undefined {
  const value = valueIn(entry, path);
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}
