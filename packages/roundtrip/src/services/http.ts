import { Failed } from '../errors.ts';
import { type Json, valueAt } from '../json.ts';

/** A request as plain data. */
export interface HttpRequest {
  readonly url: string;
  readonly method?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
  readonly timeoutMs?: number | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** At most 4 MiB of it. */
  readonly body: string;
  /** The body was longer: what is there is not all, and not read as JSON. */
  readonly cut: boolean;
  /** The body as JSON, where it is that. */
  readonly json: Json | undefined;
  readonly latencyMs: number;
}

/** What an answer must be; plain data. A path such as `results.0.slug` or `variants.length` goes into the JSON body. */
export interface HttpExpectation {
  readonly status?: number | readonly number[] | undefined;
  readonly checks?:
    | readonly {
        readonly path: string;
        readonly is: '=' | '>=' | '<=' | 'non-empty';
        readonly value?: string | number | boolean | undefined;
      }[]
    | undefined;
  readonly latencyMsMax?: number | undefined;
}

const TIMEOUT_MS = 10_000;
const BODY_BYTES_MAX = 4 << 20;

/**
 * Performs a request. Any answer is an answer; not getting one is an error, and being interrupted is another.
 *
 * @throws Failed `http-unreachable`, `http-aborted`.
 */
export async function httpRequest(
  request: HttpRequest & { readonly signal?: AbortSignal | undefined },
): Promise<HttpAnswer> {
  const { url, method = 'GET', headers = {}, body, timeoutMs = TIMEOUT_MS, signal } = request;
  const deadline = AbortSignal.timeout(timeoutMs);
  const startedMs = performance.now();
  try {
    const response = await fetch(withoutCredentials(url), {
      method,
      headers: { ...basicAuthorization(url), ...headers },
      redirect: 'manual',
      signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
      ...(body === undefined ? {} : { body }),
    });
    const { text, cut } = await readBody(response);
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: text,
      cut,
      json: cut ? undefined : parsed(text),
      latencyMs: Math.round(performance.now() - startedMs),
    };
  } catch (cause) {
    if (signal?.aborted === true) throw interrupted(`${method} ${withoutCredentials(url)}`, cause);
    const why = deadline.aborted ? `no answer within ${timeoutMs} ms` : reasonOf(cause as Error);
    throw new Failed({
      code: 'http-unreachable',
      seen: `${method} ${withoutCredentials(url)}: ${why}`,
      expected: 'an answer',
      next: 'check that the service runs and the address is right',
      fields: { refused: isRefused(cause as Error) },
      cause,
    });
  }
}

/** An endless answer must not fill our memory: the rest is not fetched. */
async function readBody(response: Response): Promise<{ readonly text: string; readonly cut: boolean }> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes > BODY_BYTES_MAX) break; // Leaving the loop cancels the stream.
  }
  const whole = Buffer.concat(chunks).subarray(0, BODY_BYTES_MAX);
  return { text: new TextDecoder().decode(whole), cut: bytes > BODY_BYTES_MAX };
}

function interrupted(request: string, cause: unknown): Failed {
  return new Failed({
    code: 'http-aborted',
    seen: `${request} was interrupted`,
    expected: 'time for an answer',
    next: 'a write may have arrived all the same; resume goes on',
    cause,
  });
}

/**
 * Performs a request and holds its answer against the expectation.
 *
 * @throws Failed `http-unreachable`, `http-aborted`, `http-unexpected` naming every part that is not as expected; its field
 * `onlySlow` tells an answer that is right and late.
 */
export async function expectHttp(
  request: HttpRequest & { readonly signal?: AbortSignal | undefined },
  expectation: HttpExpectation,
): Promise<HttpAnswer> {
  const answer = await httpRequest(request);
  const problems = problemsOf(answer, expectation);
  if (problems.length === 0) return answer;
  throw new Failed({
    code: 'http-unexpected',
    seen: `${request.method ?? 'GET'} ${withoutCredentials(request.url)}: ${problems.map(({ seen }) => seen).join('; ')} (body ${answer.cut ? `cut after ${BODY_BYTES_MAX} bytes, ` : ''}begins ${JSON.stringify(answer.body.slice(0, 200))})`,
    expected: problems.map(({ expected }) => expected).join('; '),
    next: "look at the service's log",
    fields: { onlySlow: problemsOf(answer, { ...expectation, latencyMsMax: undefined }).length === 0 },
  });
}

function problemsOf(
  answer: HttpAnswer,
  { status, checks = [], latencyMsMax }: HttpExpectation,
): { seen: string; expected: string }[] {
  const problems: { seen: string; expected: string }[] = [];
  const statuses = status === undefined ? undefined : [status].flat();
  if (statuses !== undefined && !statuses.includes(answer.status))
    problems.push({ seen: `status ${answer.status}`, expected: `status ${statuses.join(' or ')}` });
  if (latencyMsMax !== undefined && answer.latencyMs > latencyMsMax)
    problems.push({ seen: `${answer.latencyMs} ms`, expected: `at most ${latencyMsMax} ms` });
  return [...problems, ...unmet(answer.json, checks)];
}

/**
 * What of some JSON is not as expected; empty where all is.
 *
 * @example unmet({ goods: 0 }, [{ path: 'goods', is: '>=', value: 1 }]) // [{ seen: 'goods is 0', expected: 'goods >= 1' }]
 */
export function unmet(
  json: Json | undefined,
  checks: NonNullable<HttpExpectation['checks']>,
): readonly { readonly seen: string; readonly expected: string }[] {
  return checks.flatMap(({ path, is, value }) => {
    const found = valueAt(json, path);
    if (holds(found, is, value)) return [];
    return [{ seen: `${path} is ${JSON.stringify(found)}`, expected: `${path} ${is} ${value ?? ''}`.trim() }];
  });
}

function holds(
  found: Json | undefined,
  is: '=' | '>=' | '<=' | 'non-empty',
  value: string | number | boolean | undefined,
): boolean {
  if (is === '=') return found === value;
  if (is === 'non-empty')
    return (
      found !== undefined && found !== null && found !== '' && !(Array.isArray(found) && found.length === 0)
    );
  if (typeof found !== 'number' || typeof value !== 'number') return false;
  return is === '>=' ? found >= value : found <= value;
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined; // Not JSON: a page or a plain text.
  }
}

/** Nobody listens there: the one way of not answering that proves a closed door. */
function isRefused(error: Error): boolean {
  const { cause } = error;
  const codes = cause instanceof AggregateError ? cause.errors : [cause];
  return (
    codes.length > 0 &&
    codes.every((each) => (each as { code?: string } | undefined)?.code === 'ECONNREFUSED')
  );
}

function reasonOf(error: Error): string {
  const { cause } = error;
  return cause instanceof Error && cause.message !== ''
    ? cause.message
    : ((cause as { code?: string } | undefined)?.code ?? error.message);
}

/** fetch refuses credentials in a URL, and says them in its message: they go into the header they stand for. */
function basicAuthorization(url: string): Record<string, string> {
  if (!URL.canParse(url)) return {};
  const { username, password } = new URL(url);
  if (username === '' && password === '') return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

function withoutCredentials(url: string): string {
  // Up to the last @ before the path: a password may hold one.
  return url.replace(/\/\/[^/?#]*@/, '//');
}
