import type { Alert } from './alert.ts';

/** One attempt at delivering one alert. */
export interface AttemptAsk {
  readonly alert: Alert;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** What came of it: taken over by the receiver, or not and why. Anything but a clear yes is a no. */
export type AttemptResult =
  | { readonly delivered: true; readonly answer: string }
  | {
      readonly delivered: false;
      readonly seen: string;
      /** Whether trying again may help. */
      readonly again: boolean;
      /** What the receiver asked for (`Retry-After`). */
      readonly waitMs?: number | undefined;
    };

/** Answers that may be another one later: RFC 9110 and what gateways give. */
const AGAIN_STATUSES: readonly number[] = [408, 425, 429];

/** What an HTTP status means for an alert. Only 2xx is a delivery: a redirect has delivered nothing. */
export function resultOfStatus(answer: {
  readonly status: number;
  readonly body: string;
  readonly retryAfter: string | null;
}): AttemptResult {
  const { status, body, retryAfter } = answer;
  if (status >= 200 && status < 300) return { delivered: true, answer: `HTTP ${status}` };
  const again = status >= 500 || AGAIN_STATUSES.includes(status);
  const said = body.trim().slice(0, 200);
  return {
    delivered: false,
    seen: `HTTP ${status}${said === '' ? '' : ` (${said})`}`,
    again,
    waitMs: retryAfterMs(retryAfter),
  };
}

/** Seconds, or a date; anything else is no wish. */
function retryAfterMs(header: string | null): number | undefined {
  if (header === null) return undefined;
  const seconds = Number(header);
  if (Number.isFinite(seconds) && seconds >= 0) return seconds * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

/** What went wrong on the way, as people say it: the innermost cause that has words. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const inner = error.cause === undefined ? '' : reasonOf(error.cause);
  if (inner !== '') return inner;
  if (error.message !== '') return error.message;
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
