import { Ambiguous } from '../errors.ts';
import type { WatchSample } from './watch-sample.ts';

/**
 * A whole line of a samples file as the sample that it is. `where` names the line for people.
 *
 * @throws Ambiguous `watch-samples-damaged`: a verdict must not rest on the lines around one that is lost.
 * @example parseSample('{"atMs":0,"at":"2026-11-23T02:00:00Z","readings":[]}', 'line 1 of watch.samples.ndjson')
 */
export function parseSample(line: string, where: string): WatchSample {
  try {
    return JSON.parse(line) as WatchSample;
  } catch (cause) {
    throw new Ambiguous({
      code: 'watch-samples-damaged',
      seen: `${where} is no JSON: ${line.slice(0, 80)}`,
      expected: 'one sample a line',
      next: 'decide by the metrics themselves, then approve the watch as done or roll back',
      cause,
    });
  }
}
