#!/usr/bin/env node
/**
 * The command line of the library. Data goes to stdout, messages to stderr. Exit codes: 0 success, 2 usage,
 * 4 the exchange cannot be read (nothing was changed), 130 interrupted, 1 anything else.
 */
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { CommerceMlError } from '../src/errors.ts';
import { generateExchange } from '../src/generate/index.ts';
import { formatSummary } from '../src/inspect/format-summary.ts';
import { inspectExchange } from '../src/inspect/index.ts';

const interrupt = new AbortController();
process.once('SIGINT', () => interrupt.abort(new Error('interrupted')));

const program = new Command('commerceml')
  .description('Reads and generates 1C exchanges (CommerceML 2.04–3.1).')
  .exitOverride()
  .showHelpAfterError();

program
  .command('inspect')
  .description('what an exchange holds, its defects, and whether it is full or changes only')
  .argument('<dir>', 'folder, .zip archive or .xml file')
  .option('--json', 'one JSON object instead of a table')
  .option('--encoding <name>', 'override the declared encoding')
  .action(async (dir: string, options: { json?: boolean; encoding?: string }) => {
    const summary = await inspectExchange(dir, { signal: interrupt.signal, encoding: options.encoding });
    process.stdout.write(`${options.json === true ? JSON.stringify(summary) : formatSummary(summary)}\n`);
  });

program
  .command('generate')
  .description('writes a deterministic exchange of any size with the shapes and defects of a real one')
  .argument('<dir>', 'folder to write into; made if it is not there')
  .requiredOption('--goods <n>', 'goods; one in ten has no offers', wholeNumber)
  .option('--offers-per-good <n>', 'mean offers a good', Number, 5)
  .option('--seed <n>', 'same seed, same bytes', wholeNumber, 1)
  .option('--layout <version>', '3.1 (folders) or 2.04 (import.xml, offers.xml)', layout, '3.1')
  .option('--changes', 'mark it as changes only instead of full')
  .option('--packaging <n>', 'meaningless characteristics an offer (the real export has 14)', wholeNumber, 4)
  .option('--portion <n>', 'records a file (3.1)', wholeNumber)
  .option('--formed-at <date>', 'ДатаФормирования')
  .option('--json', 'the counts as one JSON object')
  .action(async (dir: string, options: GenerateFlags) => {
    const { json, changes, ...rest } = options;
    const truth = await generateExchange(dir, { ...rest, full: changes !== true, signal: interrupt.signal });
    process.stdout.write(
      json === true
        ? `${JSON.stringify(truth)}\n`
        : `${truth.goods} goods, ${truth.offers} offers, ${truth.prices} prices, ${truth.rests} rests in ${truth.files} files (${(truth.bytes / 1e6).toFixed(1)} MB)\n`,
    );
  });

interface GenerateFlags {
  readonly goods: number;
  readonly offersPerGood: number;
  readonly seed: number;
  readonly layout: '3.1' | '2.04';
  readonly changes?: boolean;
  readonly packaging: number;
  readonly portion?: number;
  readonly formedAt?: string;
  readonly json?: boolean;
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('expected a whole number');
  return Number(text);
}

function layout(text: string): '3.1' | '2.04' {
  if (text !== '3.1' && text !== '2.04') throw new InvalidArgumentError('expected 3.1 or 2.04');
  return text;
}

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (interrupt.signal.aborted) {
    process.stderr.write('interrupted: nothing more was read or written\n');
    return 130;
  }
  if (error instanceof CommerceMlError) {
    process.stderr.write(
      `${error.message}\ncode: ${error.code}. Nothing was changed. Ask 1C for this file again, or see docs/errors.md.\n`,
    );
    return 4;
  }
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return 1;
}
