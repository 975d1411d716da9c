import { Failed } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { type CheckCommon, type CheckSpec, checkSpec } from '../runbook/check-spec.ts';
import { expectHttp, type HttpExpectation, type HttpRequest } from '../services/http.ts';
import { anyCheckKind } from './check-kind.ts';

interface RequireAnswerArgs extends JsonObject {
  readonly request: JsonObject;
  readonly expect: JsonObject;
  readonly cure?: string | undefined;
}

/**
 * Refuses to begin unless an HTTP address answers as expected: 1C that will be asked, a payment provider, an internal
 * gate.
 *
 * @example requireAnswer({ name: '1C', request: { url: 'https://1c.example/exchange' }, expect: { status: [200, 401] } })
 */
export function requireAnswer(
  options: CheckCommon & {
    readonly request: HttpRequest;
    /** Default: status 200. */
    readonly expect?: HttpExpectation | undefined;
    readonly cure?: string | undefined;
  },
): CheckSpec {
  const { request, expect = { status: 200 }, cure } = options;
  const args = JSON.parse(JSON.stringify({ request, expect, cure })) as JsonObject;
  return checkSpec({ kind: 'answer', defaultName: request.url, common: options, args });
}

export const requireAnswerKind = anyCheckKind<RequireAnswerArgs>({
  kind: 'answer',
  async run({ signal }, { request, expect, cure }) {
    try {
      await expectHttp({ ...(request as unknown as HttpRequest), signal }, expect as HttpExpectation);
      return [];
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      const { seen, expected, next } = error;
      return [{ code: 'answer-unexpected', severity: 'refusal', seen, expected, cure: cure ?? next }];
    }
  },
});
