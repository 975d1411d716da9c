import type { Json, JsonObject } from '../json.ts';
import { type StepCommon, type StepSpec, stepSpec } from '../runbook/step-spec.ts';
import { expectHttp, type HttpExpectation, type HttpRequest } from '../services/http.ts';
import { anyStepKind } from './step-kind.ts';

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

export const smokeTestKind = anyStepKind<SmokeArgs>({
  kind: 'smoke-test',
  inspect: async () => 'not-done',
  async do(context, args) {
    const answers: JsonObject[] = [];
    for (const probe of args.probes as unknown as readonly SmokeProbe[]) {
      const answer = await expectHttp({ ...probe.request, signal: context.signal }, probe.expect);
      context.log(`ok   ${probe.name}: ${answer.status} in ${answer.latencyMs} ms`);
      answers.push({ name: probe.name, status: answer.status, latencyMs: answer.latencyMs });
    }
    return { answers: answers as Json };
  },
  verify: async () => ({}),
});
