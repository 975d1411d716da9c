import { RoundtripError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { toolEnvironment } from '../postgres/connection.ts';
import { type CheckCommon, type CheckSpec, checkSpec } from '../runbook/check-spec.ts';
import { type Duration, durationMs } from '../runbook/duration.ts';
import { type HttpExpectation, unmet } from '../services/http.ts';
import { runOn } from '../services/run-on.ts';
import type { RemoteHost } from '../services/ssh.ts';
import { lastLine } from '../steps/run-command.ts';
import { anyCheckKind } from './check-kind.ts';
import { filledIn } from './filled-in.ts';

interface RequireCommandArgs extends JsonObject {
  readonly argv: readonly string[];
  readonly host?: JsonObject | undefined;
  readonly cwd?: string | undefined;
  readonly env?: { readonly [name: string]: string } | undefined;
  readonly database: boolean;
  readonly prints: readonly JsonObject[];
  readonly timeoutMs: number;
  readonly cure?: string | undefined;
}

const TIMEOUT: Duration = '2min';

/**
 * Refuses to begin unless a command ends with 0: the gate of an earlier story, a build, a reader of what is to be imported. It
 * must change nothing. `{commit}` and `{tag}` in its arguments stand for the release that is deployed. With `prints`, its last line
 * of stdout is JSON and must be so.
 *
 * @example requireCommand({ name: 'Story 13.3', argv: ['./gates/13.3.sh', '{commit}'], cure: 'finish story 13.3 first' })
 * @example requireCommand({ argv: ['shop', 'exchange', '--json'], prints: [{ path: 'goods', is: '>=', value: 1 }] })
 */
export function requireCommand(
  options: CheckCommon & {
    readonly argv: readonly string[];
    readonly host?: RemoteHost | undefined;
    readonly cwd?: string | undefined;
    readonly env?: Readonly<Record<string, string>> | undefined;
    /** Give the command PGHOST … PGPASSFILE of the target's database. */
    readonly database?: boolean | undefined;
    readonly prints?: HttpExpectation['checks'];
    /** Default "2min". */
    readonly timeout?: Duration | undefined;
    /** Told when it refuses. */
    readonly cure?: string | undefined;
  },
): CheckSpec {
  const { argv, host, cwd, env, database, prints, timeout, cure } = options;
  return checkSpec({
    kind: 'command',
    defaultName: argv.join(' '),
    common: options,
    args: {
      argv,
      host: host === undefined ? undefined : { ...host },
      cwd,
      env,
      database: database ?? false,
      prints: (prints ?? []).map((expectation) => ({ ...expectation })),
      timeoutMs: durationMs(timeout ?? TIMEOUT),
      cure,
    },
  });
}

export const requireCommandKind = anyCheckKind<RequireCommandArgs>({
  kind: 'command',
  async run({ plan, signal }, args) {
    const argv = args.argv.map((part) => filledIn(part, plan));
    const cure = args.cure ?? `run it by hand and do what it says: ${argv.join(' ')}`;
    const session = { applicationName: 'roundtrip check' };
    try {
      const result = await runOn(args.host as unknown as RemoteHost | undefined, argv, {
        cwd: args.cwd,
        env: { ...args.env, ...(args.database ? toolEnvironment(plan.target.database, session) : {}) },
        timeoutMs: args.timeoutMs,
        signal,
      });
      const prints = args.prints as unknown as NonNullable<HttpExpectation['checks']>;
      return unmet(lastLine(result), prints).map(({ seen, expected }) => ({
        code: 'command-says-no',
        severity: 'refusal',
        seen: `${argv[0]}: ${seen}`,
        expected,
        cure,
      }));
    } catch (error) {
      // Whatever kept it from ending with 0, it did not say yes.
      if (!(error instanceof RoundtripError)) throw error;
      return [
        { code: 'command-says-no', severity: 'refusal', seen: error.seen, expected: 'an end with 0', cure },
      ];
    }
  },
});
