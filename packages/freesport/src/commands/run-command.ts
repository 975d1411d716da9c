import { exitCodeOf, ShopError } from '../errors.ts';

/** Writes a line for people to stderr. */
export type Say = (line: string) => void;

/**
 * Runs the work of one management command: lines for people on stderr, with `json` one object on stdout, and the exit
 * code (0 done, 2 usage or unconfirmed, 1 failed). An error is told with its cause, not with its stack.
 *
 * @example
 * await runCommand('migrate', { json: true }, async (say) => ({ applied: [] }));
 */
export async function runCommand(
  name: string,
  options: { readonly json?: boolean | undefined },
  work: (say: Say) => Promise<object>,
): Promise<void> {
  const say: Say = (line) => process.stderr.write(`${line}\n`);
  try {
    const result = await work(say);
    if (options.json === true)
      process.stdout.write(`${JSON.stringify({ command: name, ok: true, ...result })}\n`);
  } catch (error) {
    process.exitCode = exitCodeOf(error);
    for (
      let cause: unknown = error, depth = 0;
      cause instanceof Error && depth < 4;
      cause = cause.cause, depth += 1
    ) {
      say(`${depth === 0 ? `${name}: ` : '  because: '}${messageOf(cause)}`);
    }
    if (!(error instanceof Error)) say(`${name}: ${String(error)}`);
    if (options.json === true) {
      const shopError = error instanceof ShopError ? error : undefined;
      process.stdout.write(
        `${JSON.stringify({
          command: name,
          ok: false,
          code: shopError?.code ?? 'failed',
          message: error instanceof Error ? messageOf(error) : String(error),
          ...(shopError === undefined ? {} : { details: shopError.details }),
        })}\n`,
      );
    }
  }
}

/** `AggregateError` of a refused connection has no message of its own. */
function messageOf(error: Error): string {
  if (error.message !== '') return error.message;
  if (error instanceof AggregateError)
    return error.errors.map((inner) => String(inner.message ?? inner)).join('; ');
  return (error as NodeJS.ErrnoException).code ?? error.name;
}

/**
 * A whole number from a command line.
 *
 * @throws ShopError `usage` for anything else or outside the bounds.
 * @example
 * wholeNumber('--orders', '20000'); // 20000
 */
export function wholeNumber(
  option: string,
  text: string,
  bounds: { min?: number; max?: number } = {},
): number {
  const value = Number(text);
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = bounds;
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new ShopError('usage', `${option} wants a whole number from ${min} to ${max}, not "${text}"`);
  }
  return value;
}
