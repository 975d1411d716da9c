import { type LatencyCount, requireSeeingHistogram } from '../latency.ts';
import type { ReadAsk, SourceReader } from '../source-reader.ts';
import type { PrometheusSource } from '../watch-plan.ts';
import type { SourceReading } from '../watch-sample.ts';
import { type CounterDelta, counterDeltas } from './counter-deltas.ts';
import { type PrometheusSeries, queryPrometheus } from './prometheus-api.ts';

const STALE_MS = 60_000;
const TIMEOUT_MS = 10_000;

/**
 * Reads a counter of requests, and a histogram of response times, from a Prometheus server. Requests and errors are one
 * selector told apart by a label: two selectors could be wrong one by one, and a wrong selector for errors finds none.
 * No series, NaN, and series that were scraped too long ago are missing data.
 *
 * @throws Refused `histogram-blind` from `read` when the histogram ends at or below a limit.
 */
export function prometheusProbe(
  source: PrometheusSource,
  options: { readonly limitsMs: readonly number[] },
): SourceReader {
  const requests = counterDeltas();
  const buckets = counterDeltas();
  return {
    name: source.name,
    async read({ signal }: ReadAsk): Promise<SourceReading> {
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(source.timeoutMs ?? TIMEOUT_MS)]);
      const ask = (query: string) => queryPrometheus({ url: source.url, query, signal: deadline });
      const missing = (why: string): SourceReading => ({ source: source.name, missing: why });
      const series = await ask(source.requests);
      const histogram = source.buckets === undefined ? [] : await ask(source.buckets);
      const wrong =
        whyUnusable(source, series, histogram) ??
        whyStale(source, await ask(`timestamp(${source.requests})`));
      if (wrong !== undefined) return missing(wrong);
      if (source.buckets !== undefined) {
        const edgesMs = histogram.map(({ labels }) => edgeMs(source, labels.le));
        requireSeeingHistogram({ source: source.name, edgesMs, limitsMs: options.limitsMs });
      }
      const grown = requests.since(series);
      const isError = errorTest(source);
      return {
        source: source.name,
        requests: sum(grown),
        errors: sum(grown.filter(isError)),
        latency: bucketsOf(source, buckets.since(histogram)),
      };
    },
  };
}

function whyUnusable(
  source: PrometheusSource,
  series: readonly PrometheusSeries[],
  histogram: readonly PrometheusSeries[],
): string | undefined {
  const { label } = source.errorsWhere;
  if (series.length === 0) return `no series for ${source.requests}`;
  if (series.every(({ labels }) => labels[label] === undefined)) {
    return `no series of ${source.requests} has the label "${label}", so that errors could not be told`;
  }
  if (source.buckets !== undefined && histogram.length === 0) return `no series for ${source.buckets}`;
  const broken = [...series, ...histogram].find(({ value }) => !Number.isFinite(value));
  return broken === undefined ? undefined : `a counter is ${broken.value}`;
}

/** An instant query gives values up to five minutes old as if they were of now; their own timestamps tell. */
function whyStale(source: PrometheusSource, stamps: readonly PrometheusSeries[]): string | undefined {
  const ages = stamps.map(({ value, evaluatedAtSeconds }) => (evaluatedAtSeconds - value) * 1000);
  const youngest = Math.min(...ages);
  if (youngest <= (source.staleMs ?? STALE_MS)) return undefined;
  return Number.isFinite(youngest)
    ? `stale: scraped ${Math.round(youngest / 1000)} s ago at the latest`
    : `no series for ${source.requests} any more: it went between two queries`;
}

function errorTest(source: PrometheusSource): (grown: CounterDelta) => boolean {
  // Anchored, as matchers are in PromQL.
  const pattern = new RegExp(`^(?:${source.errorsWhere.matches})$`);
  return ({ labels }) => pattern.test(labels[source.errorsWhere.label] ?? '');
}

/** Cumulative `le` buckets of all series together, as counts between neighbouring edges. */
function bucketsOf(source: PrometheusSource, grown: readonly CounterDelta[]): readonly LatencyCount[] {
  const upTo = new Map<number, number>();
  for (const { labels, delta } of grown) {
    const edge = edgeMs(source, labels.le);
    upTo.set(edge, (upTo.get(edge) ?? 0) + delta);
  }
  const edges = [...upTo.keys()].sort((a, b) => a - b);
  return edges.flatMap((edge, i) => {
    const from = edges[i - 1];
    const count = (upTo.get(edge) ?? 0) - (from === undefined ? 0 : (upTo.get(from) ?? 0));
    const to = Number.isFinite(edge) ? edge : null;
    return count === 0 ? [] : [[from ?? 0, to, count] as const];
  });
}

function edgeMs(source: PrometheusSource, le: string | undefined): number {
  if (le === undefined || le === '+Inf') return Number.POSITIVE_INFINITY;
  return Number(le) * (source.bucketUnit === 'ms' ? 1 : 1000);
}

function sum(grown: readonly CounterDelta[]): number {
  return grown.reduce((total, { delta }) => total + delta, 0);
}
