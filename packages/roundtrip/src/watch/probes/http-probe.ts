import { countLatencies, latencyEdges } from '../latency.ts';
import type { ReadAsk, SourceReader } from '../source-reader.ts';
import type { HttpSource } from '../watch-plan.ts';
import type { SourceReading } from '../watch-sample.ts';

/** In the User-Agent of every probe, so that access logs can leave probes out. */
export const PROBE_LABEL = 'roundtrip-probe';

const TIMEOUT_MS = 10_000;
const CONCURRENT_MAX = 10;

/** Failures of this machine and its network, which say nothing about the shop. */
const OWN_FAULTS: readonly string[] = [
  'EADDRNOTAVAIL',
  'EAI_AGAIN',
  'EMFILE',
  'ENETDOWN',
  'ENETUNREACH',
  'ENFILE',
  'ENOTFOUND',
];

/**
 * Asks the front door as a customer would. A wrong status, a refused or broken connection and a missing answer are
 * errors; a fault on our side of the network is missing data. Times run until the body is there.
 *
 * @example httpProbe({ kind: 'http', name: 'api', urls: ['https://shop.example/api/products/'] }, { limitsMs: [500] })
 */
export function httpProbe(
  source: HttpSource,
  options: { readonly limitsMs: readonly number[] },
): SourceReader {
  const edges = latencyEdges(options.limitsMs);
  let turn = 0;
  const nextUrl = () => source.urls[turn++ % source.urls.length] ?? '';
  return {
    name: source.name,
    async read({ signal, probes }: ReadAsk): Promise<SourceReading> {
      const answers: Answer[] = [];
      let left = probes;
      const caller = async () => {
        while (left-- > 0) answers.push(await askOnce(source, nextUrl(), signal));
      };
      await Promise.all(Array.from({ length: Math.min(CONCURRENT_MAX, probes) }, caller));
      signal.throwIfAborted();
      const fault = answers.find(({ ownFault }) => ownFault !== undefined)?.ownFault;
      if (fault !== undefined) return { source: source.name, missing: `this machine cannot ask: ${fault}` };
      return {
        source: source.name,
        requests: answers.length,
        errors: answers.filter(({ ok }) => !ok).length,
        latency: countLatencies(
          answers.flatMap(({ tookMs }) => tookMs ?? []),
          edges,
        ),
      };
    },
  };
}

interface Answer {
  readonly ok: boolean;
  /** Absent for a refused connection: its speed is not the shop's. */
  readonly tookMs?: number;
  readonly ownFault?: string;
}

async function askOnce(source: HttpSource, url: string, signal: AbortSignal): Promise<Answer> {
  const deadline = AbortSignal.timeout(source.timeoutMs ?? TIMEOUT_MS);
  const startedMs = performance.now();
  try {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { 'user-agent': PROBE_LABEL, 'cache-control': 'no-cache' },
      signal: AbortSignal.any([signal, deadline]),
    });
    await response.arrayBuffer();
    return { ok: isExpected(source, response.status), tookMs: performance.now() - startedMs };
  } catch (error) {
    if (deadline.aborted) return { ok: false, tookMs: performance.now() - startedMs };
    const code = codeOf(error);
    if (code !== undefined && OWN_FAULTS.includes(code)) return { ok: false, ownFault: code };
    return { ok: false };
  }
}

function isExpected({ statuses }: HttpSource, status: number): boolean {
  return statuses === undefined ? status >= 200 && status < 400 : statuses.includes(status);
}

/** fetch wraps the system's error; with several addresses tried, there is one in each. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return codeOf(error.cause);
}
