import { readSecret } from '../alerts/alert-channel.ts';
import { Failed } from '../errors.ts';
import type { Json, JsonObject } from '../json.ts';
import { type CheckCommon, type CheckSpec, checkSpec } from '../runbook/check-spec.ts';
import type { Plan } from '../runbook/plan.ts';
import { httpRequest } from '../services/http.ts';
import type { Finding } from './check.ts';
import { anyCheckKind } from './check-kind.ts';
import { filledIn } from './filled-in.ts';

interface RequireBuildArgs extends JsonObject {
  readonly url: string;
  readonly at: string;
  readonly is: readonly string[];
  readonly tokenFile?: string | undefined;
}

/** What GitHub, GitLab and most others call a build that may be deployed. */
const GREEN = ['success', 'neutral', 'skipped'];

/**
 * Refuses to begin unless the continuous integration of the release's commit is green. `{commit}` in the address stands for
 * it; `at` is the path of the verdicts in the answer, `*` for every element of a list. No verdict at all is not green. A build that
 * is asked by a command (`gh run list`, `glab ci status`) is a `requireCommand`.
 *
 * @example requireBuild({ url: 'https://api.github.com/repos/acme/shop/commits/{commit}/check-runs', at: 'check_runs.*.conclusion' })
 */
export function requireBuild(
  options: CheckCommon & {
    readonly url: string;
    readonly at: string;
    /** Verdicts that are green. Default: success, neutral, skipped. */
    readonly is?: readonly string[] | undefined;
    /** A file with a token, sent as `Authorization: Bearer`. */
    readonly tokenFile?: string | undefined;
  },
): CheckSpec {
  const { url, at, is = GREEN, tokenFile } = options;
  return checkSpec({
    kind: 'build',
    defaultName: 'CI of the release',
    common: options,
    args: { url, at, is, tokenFile },
  });
}

export const requireBuildKind = anyCheckKind<RequireBuildArgs>({
  kind: 'build',
  async run({ plan, signal }, { url: template, at, is, tokenFile }) {
    const url = filledIn(template, plan);
    const headers: Record<string, string> =
      tokenFile === undefined ? {} : { authorization: `Bearer ${readSecret(tokenFile)}` };
    try {
      const { status, json } = await httpRequest({ url, headers, signal });
      if (status !== 200) return [notGreen(plan, `${url} answers ${status}`)];
      const verdicts = valuesAt(json, at.split('.'));
      const other = verdicts.filter((verdict) => typeof verdict !== 'string' || !is.includes(verdict));
      if (verdicts.length > 0 && other.length === 0) return [];
      const seen =
        verdicts.length === 0
          ? `${url} has no verdict at ${at}`
          : `${other.length} of ${verdicts.length}: ${other.map((verdict) => JSON.stringify(verdict)).join(', ')}`;
      return [notGreen(plan, seen)];
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      return [notGreen(plan, error.seen)];
    }
  },
});

function notGreen({ releases }: Plan, seen: string): Finding {
  const commit = releases === null ? 'the release' : `${releases.to} (${releases.toCommit.slice(0, 12)})`;
  return {
    code: 'build-not-green',
    severity: 'refusal',
    seen,
    expected: `a green build of ${commit}`,
    cure: 'wait for its end, or make it green and tag that commit',
  };
}

/** All values at a path; `*` goes into every element. */
function valuesAt(data: Json | undefined, parts: readonly string[]): readonly (Json | undefined)[] {
  const [part, ...rest] = parts;
  if (part === undefined) return [data];
  if (data === null || typeof data !== 'object') return [];
  if (part === '*')
    return (Array.isArray(data) ? data : Object.values(data)).flatMap((each) => valuesAt(each, rest));
  return part in data ? valuesAt((data as JsonObject)[part], rest) : [];
}
