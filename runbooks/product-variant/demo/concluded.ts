import { EXIT } from 'roundtrip/cli';
import { concludeInterrupted } from './interruption.ts';

/** A command line that asks a demo for what there is not. */
export class Misused extends Error {}

/** The rehearsal did not end as it must, so that there is no night to show. Its reasons are above, in the command line's own words. */
export class NoReceipt extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`the rehearsal ended with exit code ${exitCode}, see above; production was only read`);
    this.exitCode = exitCode;
  }
}

/**
 * Runs a demo from its command line. What was misspelt there is told in one line and ends with exit code 2, an interruption
 * with 130, a rehearsal that failed with its own; any other error is the demo's own and keeps its stack.
 *
 * @example process.exitCode = await concluded(untilInterrupted(), () => demo(readOptions()));
 */
export async function concluded(interruption: AbortSignal, demo: () => Promise<number>): Promise<number> {
  try {
    return await demo();
  } catch (error) {
    if (interruption.aborted) return concludeInterrupted(interruption);
    if (error instanceof NoReceipt) {
      process.stderr.write(`demo: ${error.message}\n`);
      process.stdout.write(`${JSON.stringify({ verdict: 'fail', exitCode: error.exitCode })}\n`);
      return error.exitCode;
    }
    if (!(error instanceof Misused) && !isOfParseArgs(error)) throw error;
    process.stderr.write(`demo: ${error.message} (script/demo --help)\n`);
    return EXIT.usage;
  }
}

/** A number above 0 of the command line. @throws Misused */
export function positive(option: string, text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new Misused(`${option} ${text}: a number above 0 is expected`);
}

function isOfParseArgs(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}
