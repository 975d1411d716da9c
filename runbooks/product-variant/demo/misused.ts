import { EXIT } from 'roundtrip/cli';

/** A command line that asks a demo for what there is not. */
export class Misused extends Error {}

/**
 * Runs a demo from its command line: what was misspelt there is told in one line and ends with exit code 2; any other error is
 * the demo's own and keeps its stack.
 *
 * @example process.exitCode = await toldWhereMisused(() => demo(readOptions()))
 */
export async function toldWhereMisused(demo: () => Promise<number>): Promise<number> {
  try {
    return await demo();
  } catch (error) {
    if (!(error instanceof Misused) && !isOfParseArgs(error)) throw error;
    process.stderr.write(`demo: ${error.message}\n`);
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
