import { Failed } from '../errors.ts';
import { type Json, type JsonObject, valueAt } from '../json.ts';
import { type StepCommon, type StepSpec, stepSpec } from '../runbook/step-spec.ts';
import { expectHttp, type HttpAnswer, type HttpExpectation, type HttpRequest } from '../services/http.ts';
import { anyStepKind, type StepContext } from './step-kind.ts';

/** One request with what its answer must be. */
export interface SmokeProbe {
  readonly name: string;
  readonly request: HttpRequest;
  readonly expect: HttpExpectation;
}

export interface SmokeArgs extends JsonObject {
  readonly probes: readonly JsonObject[];
}

/**
 * Requests through the front door, with expectations on status, body and latency.
 *
 * A URL may take values from earlier answers: `/products/{list:results.0.slug}/`. A GET whose answer is right and slower than
 * `latencyMsMax` is asked again, five times in all: the first answers of a release that has just started are no measure, and whether
 * it is fast enough in the long run is for the watch to say.
 *
 * @example smokeTest({ probes: [{ name: 'list', request: { url: `${base}/api/products/` }, expect: { status: 200 } }] })
 */
export function smokeTest(options: StepCommon & { readonly probes: readonly SmokeProbe[] }): StepSpec {
  return stepSpec({
    kind: 'smoke-test',
    defaultId: 'smoke-test',
    defaultTitle: 'Smoke test the API',
    effect: 'none',
    common: options,
    args: { probes: JSON.parse(JSON.stringify(options.probes)) as JsonObject[] },
  });
}

const ASKED_MAX = 5;

/** @throws Failed as `expectHttp` does. */
async function ask(probe: SmokeProbe, url: string, context: StepContext): Promise<HttpAnswer> {
  for (let asked = 1; ; asked += 1) {
    try {
      return await expectHttp({ ...probe.request, url, signal: context.signal }, probe.expect);
    } catch (error) {
      const isSlow = error instanceof Failed && error.fields.onlySlow === true;
      const isReading = (probe.request.method ?? 'GET') === 'GET';
      if (!isSlow || !isReading || asked === ASKED_MAX) throw error;
      context.log(
        `slow ${probe.name}: asked again (${asked} of ${ASKED_MAX - 1}), ${error.expected} is wanted`,
      );
    }
  }
}

/** Puts what an earlier probe answered into a URL: `{name of the probe:path}`. */
function filledIn(url: string, bodies: ReadonlyMap<string, Json | undefined>): string {
  return url.replaceAll(/\{([^{}:]+):([^{}]+)\}/g, (_whole, name: string, path: string) =>
    encodeURIComponent(String(valueAt(bodies.get(name), path) ?? '')),
  );
}

export const smokeTestKind = anyStepKind<SmokeArgs>({
  kind: 'smoke-test',
  inspect: async () => 'not-done',
  async do(context, args) {
    const answers: JsonObject[] = [];
    const bodies = new Map<string, Json | undefined>();
    for (const probe of args.probes as unknown as readonly SmokeProbe[]) {
      const url = filledIn(probe.request.url, bodies);
      const answer = await ask(probe, url, context);
      bodies.set(probe.name, answer.json);
      context.log(`ok   ${probe.name}: ${answer.status} in ${answer.latencyMs} ms`);
      answers.push({ name: probe.name, status: answer.status, latencyMs: answer.latencyMs });
    }
    return { answers: answers as Json };
  },
  verify: async () => ({}),
});
