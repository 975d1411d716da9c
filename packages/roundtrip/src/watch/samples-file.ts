import { appendFileSync, existsSync, readFileSync, truncateSync } from 'node:fs';
import { parseSample } from './parse-sample.ts';
import type { WatchSample } from './watch-sample.ts';

const NEWLINE = 0x0a;

/** Samples on disk, one JSON object a line, 0600: what a watch goes on from after a crash. */
export interface SamplesFile {
  /** All whole samples, in the order they were taken; for the one who appends. */
  read(): readonly WatchSample[];
  /** The same for who only looks: a line that is being written is left to its writer. */
  peek(): readonly WatchSample[];
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
      const { whole, torn, lines } = linesOf(file);
      if (torn) truncateSync(file, whole);
      return lines.map((line, index) => parseSample(line, `line ${index + 1} of ${file}`));
    },
    peek: () => linesOf(file).lines.map((line, index) => parseSample(line, `line ${index + 1} of ${file}`)),
    append: (sample) => appendFileSync(file, `${JSON.stringify(sample)}\n`, { mode: 0o600 }),
  };
}

function linesOf(file: string): {
  readonly whole: number;
  readonly torn: boolean;
  readonly lines: readonly string[];
} {
  if (!existsSync(file)) return { whole: 0, torn: false, lines: [] };
  const bytes = readFileSync(file);
  const whole = bytes.lastIndexOf(NEWLINE) + 1;
  const lines = bytes.toString('utf8', 0, whole).split('\n').slice(0, -1);
  return { whole, torn: whole < bytes.length, lines };
}
