import { judgeMatrix } from './judge-matrix.ts';
import { addLatencies } from './latency.ts';
import type { SettledWatch } from './settled-watch.ts';
import { mergeTallies, type Tally, tallyOf } from './tally.ts';
import { type DataReading, type SourceReading, soundReading, type WatchSample } from './watch-sample.ts';
import { addNote, EMPTY_WATCH, type Gap, type Gauge, type WatchState } from './watch-state.ts';
import { addSlot, tallyWithin } from './windows.ts';

const GAPS_MAX = 100;
const SILENCE = 'no request at all';
const HOUR_MS = 3_600_000;
const STOPPED_MS = 600_000;
/** Requests that should have come in ten minutes before their absence means anything: P(0 | 20 expected) is 2·10⁻⁹. */
const EXPECTED_MIN = 20;

/**
 * All that the samples of a watch show. Pure, and the same whether the samples come one by one or from a file.
 *
 * @example foldWatch(settleWatch({ plan, matrix }), samples).decision
 */
export function foldWatch(settled: SettledWatch, samples: readonly WatchSample[]): WatchState {
  return samples.reduce((state, sample) => applySample(settled, state, sample), EMPTY_WATCH);
}

/** The state with one more sample: first what it adds, then what the matrix says of the sum. */
export function applySample(settled: SettledWatch, state: WatchState, sample: WatchSample): WatchState {
  const readings = sample.readings.map(soundReading);
  const atMs = Math.max(sample.atMs, state.atMs ?? 0);
  const tallies: Record<string, Tally> = {};
  for (const reading of readings) {
    if (settled.traffic.includes(reading.source))
      tallies[reading.source] = tallyOf(reading, settled.limitsMs);
  }
  const counted: WatchState = {
    ...state,
    samples: state.samples + 1,
    atMs,
    slots: addSlot(state.slots, { atMs, tallies }),
    totals: mergeTallies(state.totals, tallies),
    latency: withLatency(state.latency, readings),
    alive: withAlive(state.alive, readings),
    gauges: withGauges(state.gauges, readings, atMs),
  };
  const covered = cover(settled, withStopped(settled, counted), {
    fromMs: state.atMs ?? atMs,
    atMs,
    readings,
  });
  return judgeMatrix(settled, covered, freshMetrics(readings));
}

/**
 * Counts the time since the sample before as covered, silent or lost. Only time with data is covered: no sample, a
 * source without an answer, and a long silence all extend the watch.
 */
function cover(
  settled: SettledWatch,
  state: WatchState,
  since: { readonly fromMs: number; readonly atMs: number; readonly readings: readonly SourceReading[] },
): WatchState {
  const { fromMs, atMs, readings } = since;
  const elapsedMs = atMs - fromMs;
  if (elapsedMs > settled.gapMsMax) return lose(state, { fromMs, toMs: atMs, reason: 'no sample was taken' });
  const reason = whyUncovered(settled, state, readings);
  if (reason !== undefined) return lose(state, { fromMs, toMs: atMs, reason });
  const isSilent = !readings.some((reading) => !('missing' in reading) && (reading.requests ?? 0) > 0);
  if (!isSilent || settled.traffic.length === 0) {
    return { ...state, coveredMs: state.coveredMs + state.silentMs + elapsedMs, silentMs: 0 };
  }
  const silentMs = state.silentMs + elapsedMs;
  const last = state.gaps.at(-1);
  const isInGap = last?.toMs === fromMs && last.reason === SILENCE;
  if (silentMs <= settled.silenceMsMax && !isInGap) return { ...state, silentMs };
  return lose(state, { fromMs, toMs: atMs, reason: SILENCE });
}

function whyUncovered(
  settled: SettledWatch,
  state: WatchState,
  readings: readonly SourceReading[],
): string | undefined {
  for (const { name, kind } of settled.plan.sources) {
    // Load only alerts: a host that gives no figures does not hold up what customers' requests show.
    if (kind === 'host') continue;
    const reading = readings.find(({ source }) => source === name);
    if (reading === undefined) return `${name}: not read`;
    if ('missing' in reading) return `${name}: ${reading.missing}`;
    if (state.stopped[name]) return `${name}: its traffic stopped`;
  }
  return undefined;
}

/** The time of a gap is lost, with the silence before it; a gap that goes on for the same reason is one gap. */
function lose(state: WatchState, found: Gap): WatchState {
  const gap = { ...found, fromMs: found.fromMs - state.silentMs };
  const lostMs = state.lostMs + gap.toMs - gap.fromMs;
  const last = state.gaps.at(-1);
  const goesOn = last !== undefined && last.toMs === gap.fromMs && last.reason === gap.reason;
  if (goesOn) {
    return { ...state, silentMs: 0, lostMs, gaps: [...state.gaps.slice(0, -1), { ...last, toMs: gap.toMs }] };
  }
  const gaps = [...state.gaps, gap].slice(-GAPS_MAX);
  const text = `no data (${gap.reason}): this time does not count, the watch lasts longer`;
  return addNote({ ...state, silentMs: 0, lostMs, gaps }, { level: 'investigate', text });
}

function withLatency(
  latency: WatchState['latency'],
  readings: readonly SourceReading[],
): WatchState['latency'] {
  const sums: Record<string, WatchState['latency'][string]> = { ...latency };
  for (const reading of readings) {
    if ('missing' in reading || reading.latency === undefined || reading.latency.length === 0) continue;
    sums[reading.source] = addLatencies(sums[reading.source] ?? [], reading.latency);
  }
  return sums;
}

function withAlive(alive: WatchState['alive'], readings: readonly SourceReading[]): WatchState['alive'] {
  const born = readings.filter((reading) => alive[reading.source] === undefined && gaveAnything(reading));
  if (born.length === 0) return alive;
  return { ...alive, ...Object.fromEntries(born.map(({ source }) => [source, true as const])) };
}

function gaveAnything(reading: SourceReading): boolean {
  if ('missing' in reading) return false;
  const counts = (reading.requests ?? 0) + (reading.probes ?? 0);
  return counts > 0 || Object.keys(reading.values ?? {}).length > 0;
}

function withGauges(
  gauges: WatchState['gauges'],
  readings: readonly SourceReading[],
  atMs: number,
): WatchState['gauges'] {
  const newest: Record<string, Gauge> = { ...gauges };
  for (const reading of readings.filter((each): each is DataReading => !('missing' in each))) {
    for (const [metric, value] of Object.entries(reading.values ?? {})) {
      newest[metric] = { atMs, value, list: reading.lists?.[metric] ?? [] };
    }
  }
  return newest;
}

function freshMetrics(readings: readonly SourceReading[]): ReadonlySet<string> {
  return new Set(
    readings.flatMap((reading) => ('missing' in reading ? [] : Object.keys(reading.values ?? {}))),
  );
}

/**
 * Notices that a source which had traffic has none: a front door that lost its route answers nobody, and nobody is
 * not an error. It stays noticed until a request comes.
 */
function withStopped(settled: SettledWatch, state: WatchState): WatchState {
  const atMs = state.atMs ?? 0;
  let next = state;
  for (const source of settled.traffic) {
    const within = (windowMs: number) =>
      tallyWithin(state.slots, { atMs, windowMs, sources: [source], limits: 0 }).requests;
    const recent = within(STOPPED_MS);
    if (recent > 0 && state.stopped[source]) {
      const { [source]: _, ...stopped } = next.stopped;
      next = addNote({ ...next, stopped }, { level: 'info', text: `${source}: its traffic is back` });
    }
    if (recent > 0 || state.stopped[source] || state.alive[source] === undefined) continue;
    const hourly = within(HOUR_MS);
    if ((hourly * STOPPED_MS) / (HOUR_MS - STOPPED_MS) < EXPECTED_MIN) continue;
    next = addNote(
      { ...next, stopped: { ...next.stopped, [source]: true } },
      { level: 'page', text: `${source}: no request for 10 min after ${hourly} in the 50 min before` },
    );
  }
  return next;
}
