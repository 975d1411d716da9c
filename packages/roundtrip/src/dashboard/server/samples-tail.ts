import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { parseSample } from '../../watch/parse-sample.ts';
import type { WatchSample } from '../../watch/watch-sample.ts';

/** Reads the samples of a watch as they are written, and never touches a torn line: its writer still owns it. */
export interface SamplesTail {
  /** Whole samples since the last call. */
  next(): readonly WatchSample[];
}

const NEWLINE = 0x0a;

/**
 * The file of a step's newest attempt: `watch.samples.ndjson`, then `watch.2.samples.ndjson`, and so on. Undefined
 * before the first sample.
 */
export function newestSamples(runFolder: string, step: string): string | undefined {
  if (!existsSync(runFolder)) return undefined;
  const attempts = readdirSync(runFolder).flatMap((name) => {
    if (name === `${step}.samples.ndjson`) return [{ name, attempt: 1 }];
    const attempt = name.startsWith(`${step}.`) ? /\.(\d+)\.samples\.ndjson$/.exec(name)?.[1] : undefined;
    return attempt === undefined ? [] : [{ name, attempt: Number(attempt) }];
  });
  const newest = attempts.sort((a, b) => b.attempt - a.attempt)[0];
  return newest === undefined ? undefined : path.join(runFolder, newest.name);
}

/**
 * @throws Ambiguous `watch-samples-damaged` from `next` for a whole line that is no sample, and from every call after it.
 * @example samplesTail('/state/runs/r/watch.samples.ndjson').next()
 */
export function samplesTail(file: string): SamplesTail {
  let offset = 0;
  return {
    next() {
      const { size } = statSync(file);
      // A watch that goes on after a crash cuts its torn last line off: never a line that was whole.
      if (size <= offset) return [];
      const bytes = Buffer.alloc(size - offset);
      const descriptor = openSync(file, 'r');
      try {
        const read = readSync(descriptor, bytes, 0, bytes.length, offset);
        const whole = bytes.subarray(0, read).lastIndexOf(NEWLINE) + 1;
        const samples = bytes
          .toString('utf8', 0, whole)
          .split('\n')
          .slice(0, -1)
          .map((line) => parseSample(line, `a line of ${file}`));
        // Passed once they are given: damage stays in sight, and no sample beside it is lost without a word.
        offset += whole;
        return samples;
      } finally {
        closeSync(descriptor);
      }
    },
  };
}
