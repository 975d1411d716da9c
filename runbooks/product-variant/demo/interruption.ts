import { EXIT } from 'roundtrip/cli';

/** Ctrl-C, somebody's `kill`, and the end of the terminal. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The operator stopped the demo. */
export class Interrupted extends Error {}

/**
 * A signal that the first interruption aborts. Those that follow are told why it is not over yet, and change nothing: a demo
 * that died while it takes its stage down would leave a shop, its proxy and a folder behind. Neither does a reader that went
 * away (`script/demo | head`).
 *
 * @example process.exitCode = await concluded(untilInterrupted(), () => demo(readOptions()));
 */
export function untilInterrupted(): AbortSignal {
  const interruption = new AbortController();
  for (const name of SIGNALS) {
    process.on(name, () => {
      if (interruption.signal.aborted) process.stderr.write('demo: the stage is being taken down already\n');
      interruption.abort(name);
    });
  }
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  return interruption.signal;
}

/**
 * The end of a demo that was interrupted; the last line of stdout is one JSON object here, too.
 * What is raised after an interruption is raised because of it: children of the demo get the signal of a terminal as well.
 */
export function concludeInterrupted(signal: AbortSignal): number {
  process.stderr.write(`demo: interrupted by ${String(signal.reason)}; nothing is left running\n`);
  process.stdout.write(`${JSON.stringify({ verdict: 'interrupted', exitCode: EXIT.interrupted })}\n`);
  return EXIT.interrupted;
}
