import { appendFileSync, existsSync, readFileSync, truncateSync } from 'node:fs';
import { Ambiguous } from '../errors.ts';
import type { WatchSample } from './watch-sample.ts';

const NEWLINE = 0x0a;

/** Samples on disk, one JSON object a line, 0600: what a watch goes on from after a crash. */
export interface SamplesFile {
  /** All whole samples, in the order they were taken. */
  read(): readonly WatchSample[];
  append(sample: WatchSample): void;
}

/**
 * The samples of one watch. A torn last line is cut off before the next is written behind it: its sample was never
 * judged, and the watch takes another. Samples are not synced one by one, as one that is lost is only a gap.
 *
 * @throws Ambiguous `watch-samples-damaged` from `read` when a line in the middle cannot be read.
 * @example const samples = samplesFile('/state/run-1/watch.samples.ndjson'); samples.append(sample);
 */
export function samplesFile(file: string): SamplesFile {
  return {
    read() {
      if (!existsSync(file)) return [];
      const bytes = readFileSync(file);
      const whole = bytes.lastIndexOf(NEWLINE) + 1;
      if (whole < bytes.length) truncateSync(file, whole);
      const lines = bytes.toString('utf8', 0, whole).split('\n').slice(0, -1);
      return lines.map((line, index) => parseSample(file, line, index + 1));
    },
    append: (sample) => appendFileSync(file, `${JSON.stringify(sample)}\n`, { mode: 0o600 }),
  };
}

function parseSample(file: string, line: string, number: number): WatchSample {
  try {
    return JSON.parse(line) as WatchSample;
  } catch (cause) {
    throw new Ambiguous({
      code: 'watch-samples-damaged',
      seen: `line ${number} of ${file} is no JSON`,
      expected: 'one sample a line',
      next: 'decide by the metrics themselves, then approve the watch as done or roll back',
      cause,
    });
  }
}
