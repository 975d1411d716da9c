import { runProcess } from '../../process/run-process.ts';
import type { ReadAsk, SourceReader } from '../source-reader.ts';
import type { CommandSource } from '../watch-plan.ts';
import type { SourceReading } from '../watch-sample.ts';

const TIMEOUT_MS = 10_000;
const ANY_EXIT_CODE = Array.from({ length: 256 }, (_, code) => code);

/**
 * A metric, or a check, from a command. A command that cannot be started, is killed or does not end in time is missing
 * data, also for `exit-code`: it has not said no.
 *
 * @example commandProbe({ kind: 'command', name: 'queue', argv: ['queue-depth', '--json'], reads: 'json' })
 */
export function commandProbe(source: CommandSource): SourceReader {
  const { name } = source;
  const options = { timeoutMs: source.timeoutMs ?? TIMEOUT_MS };
  return {
    name,
    async read({ signal }: ReadAsk): Promise<SourceReading> {
      if (source.reads === 'json') {
        const { stdout } = await runProcess(source.argv, { ...options, signal });
        return readMetrics(name, stdout);
      }
      const { exitCode } = await runProcess(source.argv, { ...options, signal, okExitCodes: ANY_EXIT_CODE });
      return { source: name, requests: 1, errors: exitCode === 0 ? 0 : 1 };
    },
  };
}

function readMetrics(source: string, stdout: string): SourceReading {
  const line = stdout.trim().split('\n').at(-1) ?? '';
  const values = numbersOf(line);
  if (values === undefined)
    return { source, missing: `the last line is no JSON object: ${line.slice(0, 200)}` };
  if (Object.keys(values).length === 0) return { source, missing: 'the JSON object holds no number' };
  return { source, values };
}

function numbersOf(line: string): Record<string, number> | undefined {
  try {
    const parsed: unknown = JSON.parse(line);
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined;
    return Object.fromEntries(
      Object.entries(parsed).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
    );
  } catch (error) {
    // The caller says what it saw instead of JSON.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
