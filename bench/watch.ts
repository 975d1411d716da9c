/**
 * Seeded simulations of 24 h watches over a shop with thin night traffic, judged by the story's own matrix. Nothing is
 * faked but the requests: the samples go through the same fold and the same conclusion as those of a real watch.
 */
import { concludeWatch, isOver, type WatchResult } from '../packages/roundtrip/src/watch/conclude-watch.ts';
import { applySample } from '../packages/roundtrip/src/watch/fold-watch.ts';
import { storyMatrix } from '../packages/roundtrip/src/watch/matrix.ts';
import { type SettledWatch, settleWatch } from '../packages/roundtrip/src/watch/settled-watch.ts';
import { probesToSend } from '../packages/roundtrip/src/watch/take-sample.ts';
import type { SourceReading } from '../packages/roundtrip/src/watch/watch-sample.ts';
import { EMPTY_WATCH, type WatchState } from '../packages/roundtrip/src/watch/watch-state.ts';
import { type Bar, bar } from './bar.ts';
import { type Chance, seededChance } from './seeded-chance.ts';

/** One line of the table: how the runs of one scenario ended. */
export interface WatchScenarioResult {
  readonly scenario: string;
  readonly runs: number;
  readonly pass: number;
  readonly fail: number;
  readonly inconclusive: number;
  /** Runs that the matrix rolled back by itself. */
  readonly rolledBack: number;
  /** Minutes of watch time from the beginning of an outage to the decision; only for outages. */
  readonly decidedMinutes:
    | { readonly median: number; readonly p99: number; readonly worst: number }
    | undefined;
}

export interface WatchBench {
  readonly bars: readonly Bar[];
  readonly results: readonly WatchScenarioResult[];
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MINUTES = 1440;
/** Two probes a second at most: what 8 % against a limit of 5 % needs to be told within half an hour. */
const TOP_UP_TO = 1200;
const NORMAL_RATE = 0.002;

/**
 * Runs the scenarios and returns one bar for each figure that is asked of the watch.
 *
 * @example const { bars } = benchWatch({ runs: 1000, seed: 13 });
 */
export function benchWatch({ runs = 1000, seed = 13 }: { runs?: number; seed?: number } = {}): WatchBench {
  const results = new Map<ScenarioName, WatchScenarioResult>();
  for (const [index, name] of SCENARIO_NAMES.entries()) {
    // What must never pass is nearly the same every time, and lasts twice as long: a fifth of the runs.
    const share = NEVER_PASSING.includes(name) ? Math.ceil(runs / 5) : runs;
    results.set(name, runScenario(name, { runs: share, seed: seed * 1000 + index }));
  }
  return { bars: barsOf(results, runs), results: [...results.values()] };
}

/** Readings of one minute. */
type Minute = (
  chance: Chance,
  minute: number,
  context: { readonly probes: number },
) => readonly SourceReading[];

interface Scenario {
  /** Made anew for every run. */
  readonly begin: (chance: Chance) => { readonly minute: Minute; readonly outageMinute?: number };
}

const SCENARIOS = {
  'errors of 0.2 %': steady(NORMAL_RATE),
  'errors of 3 %': steady(0.03),
  'outage of 20 %': outage(0.2),
  'outage of 8 %': outage(0.08),
  'no data at all': { begin: () => ({ minute: noData }) },
  'data that stops': { begin: dataThatStops },
  'only errors': steady(1),
  'only errors, one request in ten minutes': { begin: () => ({ minute: trickleOfErrors }) },
} satisfies Record<string, Scenario>;

type ScenarioName = keyof typeof SCENARIOS;
const NEVER_PASSING: readonly ScenarioName[] = [
  'no data at all',
  'data that stops',
  'only errors',
  'only errors, one request in ten minutes',
];
const SCENARIO_NAMES = Object.keys(SCENARIOS) as readonly ScenarioName[];

function settledWatch(): SettledWatch {
  return settleWatch({
    plan: {
      durationMs: 24 * HOUR_MS,
      intervalMs: MINUTE_MS,
      sources: [
        { kind: 'http', name: 'probes', urls: ['https://shop.example/'], topUpTo: TOP_UP_TO },
        { kind: 'access-log', name: 'customers', file: 'access.log', format: 'nginx' },
      ],
      goals: [{ metric: 'errorRate', max: 0.01 }],
    },
    matrix: storyMatrix(),
  });
}

function runScenario(
  name: ScenarioName,
  { runs, seed }: { readonly runs: number; readonly seed: number },
): WatchScenarioResult {
  const settled = settledWatch();
  const scenario: Scenario = SCENARIOS[name];
  const chance = seededChance(seed);
  const ends = { pass: 0, fail: 0, inconclusive: 0 };
  const decided: number[] = [];
  let rolledBack = 0;
  for (let run = 0; run < runs; run++) {
    const { minute, outageMinute } = scenario.begin(chance);
    const result = watchOnce(settled, chance, minute);
    ends[result.verdict]++;
    if (result.verdict === 'fail' && result.rollback === 'yes') rolledBack++;
    // An outage that was never decided took for ever, which no bar forgives.
    if (outageMinute === undefined) continue;
    const isInTime = result.rollback === 'yes' && result.elapsedMs >= outageMinute * MINUTE_MS;
    decided.push(isInTime ? result.elapsedMs / MINUTE_MS - outageMinute : Number.POSITIVE_INFINITY);
  }
  return { scenario: name, runs, ...ends, rolledBack, decidedMinutes: summary(decided) };
}

function watchOnce(settled: SettledWatch, chance: Chance, minute: Minute): WatchResult {
  let state: WatchState = EMPTY_WATCH;
  for (let now = 0; !isOver(settled, state); now++) {
    const readings = minute(chance, now, { probes: probesToSend(settled, state, 'probes') });
    const atMs = now * MINUTE_MS;
    state = applySample(settled, state, { atMs, at: new Date(atMs).toISOString(), readings });
  }
  return concludeWatch(settled, state);
}

/** Customers a minute: one at four in the morning, forty at four in the afternoon. */
function customersAt(minute: number): number {
  const hour = (2 + minute / 60) % 24;
  return 20.5 - 19.5 * Math.cos(((hour - 4) / 24) * 2 * Math.PI);
}

function requestsAt(rate: number): Minute {
  return (chance, minute, { probes }) => {
    const customers = chance.poisson(customersAt(minute));
    return [
      { source: 'probes', requests: probes, errors: chance.binomial(probes, rate) },
      { source: 'customers', requests: customers, errors: chance.binomial(customers, rate) },
    ];
  };
}

function steady(rate: number): Scenario {
  return { begin: () => ({ minute: requestsAt(rate) }) };
}

/** Well for an hour or most of a day, then not. */
function outage(rate: number): Scenario {
  return {
    begin(chance) {
      const outageMinute = 60 + Math.floor(chance.next() * (DAY_MINUTES - 120));
      const well = requestsAt(NORMAL_RATE);
      const ill = requestsAt(rate);
      return {
        outageMinute,
        minute: (...given) => (given[1] < outageMinute ? well(...given) : ill(...given)),
      };
    },
  };
}

/** In every minute another way of giving nothing. */
const noData: Minute = (chance) => {
  const ways: readonly (readonly SourceReading[])[] = [
    [],
    [
      { source: 'probes', missing: 'no answer' },
      { source: 'customers', missing: 'no such file' },
    ],
    [
      { source: 'probes', requests: Number.NaN, errors: 0 },
      { source: 'customers', requests: 0, errors: 0 },
    ],
    [
      { source: 'probes', requests: 0, errors: 0 },
      { source: 'customers', requests: 0, errors: 0 },
    ],
  ];
  return ways[Math.floor(chance.next() * ways.length)] ?? [];
};

/** A good watch whose data ends somewhere: what was seen until then would pass by itself. */
function dataThatStops(chance: Chance): { readonly minute: Minute } {
  const last = 120 + Math.floor(chance.next() * (DAY_MINUTES - 240));
  const well = requestsAt(NORMAL_RATE);
  return { minute: (...given) => (given[1] < last ? well(...given) : noData(...given)) };
}

const trickleOfErrors: Minute = (_chance, minute) => {
  const requests = minute % 10 === 0 ? 1 : 0;
  return [
    { source: 'probes', requests, errors: requests },
    { source: 'customers', requests: 0, errors: 0 },
  ];
};

function barsOf(results: ReadonlyMap<ScenarioName, WatchScenarioResult>, runs: number): readonly Bar[] {
  const of = (name: ScenarioName) => {
    const result = results.get(name);
    if (result === undefined) throw new Error(`no result for "${name}"`);
    return result;
  };
  const share = (count: number) => (count / runs) * 100;
  const worst = (name: ScenarioName) => of(name).decidedMinutes?.worst ?? Number.POSITIVE_INFINITY;
  const min = (name: string, value: number, unit: string, limit: number): Bar =>
    bar({ name, value, unit, limit, direction: 'min' });
  const max = (name: string, value: number, unit: string, limit: number): Bar =>
    bar({ name, value, unit, limit, direction: 'max' });
  return [
    min(`${runs} watches at 0.2 % errors end PASS`, share(of('errors of 0.2 %').pass), '%', 99),
    min(`${runs} watches at 3 % errors end FAIL`, share(of('errors of 3 %').fail), '%', 99),
    max('watches at 0.2 % rolled back by the matrix', of('errors of 0.2 %').rolledBack, 'runs', 0),
    max('an outage of 20 % errors is decided, worst run', worst('outage of 20 %'), 'min', 10),
    max('an outage of 8 % errors is decided, worst run', worst('outage of 8 %'), 'min', 30),
    ...NEVER_PASSING.map((name) => max(`${name}: watches that pass`, of(name).pass, 'runs', 0)),
  ];
}

function summary(minutes: readonly number[]): WatchScenarioResult['decidedMinutes'] {
  if (minutes.length === 0) return undefined;
  const sorted = [...minutes].sort((a, b) => a - b);
  const at = (quantile: number) =>
    sorted[Math.ceil(quantile * sorted.length) - 1] ?? Number.POSITIVE_INFINITY;
  return { median: at(0.5), p99: at(0.99), worst: at(1) };
}
