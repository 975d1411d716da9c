import { Failed } from '../../errors.ts';

/** One series of an instant vector: its labels, its value, and when the query was evaluated (seconds since 1970). */
export interface PrometheusSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly evaluatedAtSeconds: number;
}

/**
 * An instant query (Prometheus HTTP API, `/api/v1/query`). Values are strings there: "NaN" and "+Inf" come back as such
 * numbers, and it is the caller's part to refuse them.
 *
 * @throws Failed `prometheus-unreachable`, `prometheus-refused` (a query that it cannot answer).
 * @example await queryPrometheus({ url: 'http://127.0.0.1:9090', query: 'up', signal })
 */
export async function queryPrometheus(ask: {
  readonly url: string;
  readonly query: string;
  readonly signal: AbortSignal;
}): Promise<readonly PrometheusSeries[]> {
  const answer = await post(ask);
  if (answer.status !== 'success' || answer.data?.resultType !== 'vector') {
    throw new Failed({
      code: 'prometheus-refused',
      seen: `${ask.query}: ${answer.error ?? `a result of type ${answer.data?.resultType ?? 'none'}`}`,
      expected: 'an instant vector',
      next: 'try the selector in the Prometheus expression browser',
    });
  }
  return (answer.data.result ?? []).map(({ metric = {}, value = [0, 'NaN'] }) => ({
    labels: metric,
    value: Number(value[1].replace('Inf', 'Infinity')),
    evaluatedAtSeconds: value[0],
  }));
}

/** The part of the API's answer that is read; everything may be missing, since it comes from outside. */
interface Answer {
  readonly status?: string;
  readonly error?: string;
  readonly data?: {
    readonly resultType?: string;
    readonly result?: readonly {
      readonly metric?: Readonly<Record<string, string>>;
      readonly value?: readonly [number, string];
    }[];
  };
}

async function post(ask: {
  readonly url: string;
  readonly query: string;
  readonly signal: AbortSignal;
}): Promise<Answer> {
  try {
    const response = await fetch(new URL('/api/v1/query', ask.url), {
      method: 'POST',
      body: new URLSearchParams({ query: ask.query }),
      signal: ask.signal,
    });
    return (await response.json()) as Answer;
  } catch (cause) {
    throw new Failed({
      code: 'prometheus-unreachable',
      seen: `${ask.url} gave no answer to be read: ${cause instanceof Error ? describe(cause) : String(cause)}`,
      expected: 'a Prometheus server',
      next: 'the watch goes on and counts this time as missing',
      cause,
    });
  }
}

function describe(error: Error): string {
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}
