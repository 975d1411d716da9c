import { Refused } from '../errors.ts';
import type { PrometheusSource } from '../watch/watch-plan.ts';

/** `name`, `name{a="b"}` or `{__name__="name"}`; quotes may hold braces. */
const SELECTOR =
  /^\s*([a-zA-Z_:][a-zA-Z0-9_:]*)?\s*(?:\{((?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^"'{}])*)\})?\s*$/;
const UNITS = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const;

/**
 * A time span as Prometheus writes it.
 *
 * @example promDuration(600_000) // "10m"
 */
export function promDuration(ms: number): string {
  const unit = UNITS.find(([, size]) => ms % size === 0);
  return unit === undefined ? `${Math.round(ms)}ms` : `${ms / unit[1]}${unit[0]}`;
}

/** Requests of a source within a window, of all series together. */
export function requestsWithin(source: PrometheusSource, windowMs: number): string {
  return `sum(increase(${source.requests}[${promDuration(windowMs)}]))`;
}

/**
 * Share of the requests of a window that are errors; nothing where there was no error at all.
 *
 * @throws Refused `prometheus-selector-invalid`.
 */
export function errorRatio(source: PrometheusSource, windowMs: number): string {
  const { label, matches } = source.errorsWhere;
  const errors = withMatcher(source.requests, `${label}=~${JSON.stringify(matches)}`);
  return `sum(increase(${errors}[${promDuration(windowMs)}])) / ${requestsWithin(source, windowMs)}`;
}

/** A quantile of the response times of a window, in milliseconds whatever the histogram counts in. */
export function quantileMs(source: PrometheusSource, quantile: number, windowMs: number): string {
  const rates = `sum by (le) (rate(${source.buckets ?? ''}[${promDuration(windowMs)}]))`;
  const scaled = source.bucketUnit === 'ms' ? '' : '1000 * ';
  return `${scaled}histogram_quantile(${quantile}, ${rates})`;
}

/**
 * A selector with one more matcher.
 *
 * @example withMatcher('http_requests_total{job="shop"}', 'status=~"5.."') // 'http_requests_total{job="shop",status=~"5.."}'
 */
export function withMatcher(selector: string, matcher: string): string {
  const found = SELECTOR.exec(selector);
  const [, name = '', inside = ''] = found ?? [];
  if (found === null || `${name}${inside}`.trim() === '')
    throw new Refused({
      code: 'prometheus-selector-invalid',
      seen: selector,
      expected: 'a plain selector such as http_requests_total{job="shop"}',
      next: 'name the counter itself in the watch, no expression over it',
    });
  const present = inside.trim().replace(/,$/, '');
  return `${name}{${present === '' ? '' : `${present},`}${matcher}}`;
}
