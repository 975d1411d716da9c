import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { type Command, Option } from 'commander';
import { ShopError } from '../errors.ts';
import { importExchange } from '../onec/import-exchange.ts';
import { IMPORT_MODES, type ImportMode } from '../onec/import-mode.ts';
import { progressPrinter } from '../onec/progress-printer.ts';
import { runCommand } from './run-command.ts';

interface ImportArguments {
  readonly full?: boolean;
  readonly mode?: ImportMode;
  readonly again?: boolean;
  readonly log?: string;
  readonly json?: boolean;
}

/**
 * `import-products-from-1c [--full] [--mode MODE] DIR`: imports an exchange of 1C. Ends with 0 when the catalogue is what
 * the exchange says, else with 1 and the catalogue as it was.
 *
 * @example
 * importProductsFrom1cCommand(program);
 */
export function importProductsFrom1cCommand(program: Command): void {
  program
    .command('import-products-from-1c')
    .description('import an exchange of 1C (CommerceML) into the catalogue, in one transaction')
    .argument('<dir>', 'folder of the exchange')
    .option('--full', 'deactivate what a full export no longer contains; the same as --mode full')
    .addOption(new Option('--mode <mode>', 'what may change (default: changes)').choices([...IMPORT_MODES]))
    .option('--again', 'import even an exchange that the catalogue already is, byte for byte')
    .option('--log <file>', 'append every warning to this file, one JSON object a line')
    .option('--json', 'print one JSON object to stdout')
    .action(async (directory: string, options: ImportArguments) => {
      await runCommand('import-products-from-1c', options, async (say) => {
        const mode = options.mode ?? (options.full === true ? 'full' : 'changes');
        if (options.full === true && mode !== 'full') {
          throw new ShopError('usage', `--full and --mode ${mode} contradict each other; give one of them`);
        }
        // Records live for a moment: a young generation that may grow takes 30 MB more and saves no time.
        setFlagsFromString('--semi-space-growth-factor=1');
        const stop = new AbortController();
        const interrupt = (): void => stop.abort();
        process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
        try {
          const { session, products, variants, defaultVariants, deactivated, skippedOrphans, ...report } =
            await importExchange({
              source: path.resolve(directory),
              mode,
              logFile: options.log,
              again: options.again,
              onProgress: progressPrinter(process.stderr),
              signal: stop.signal,
            });
          const { warnings, warningCount, durationMs } = report;
          say(
            `Session ${session}: ${products} products, ${variants} variants (${defaultVariants} default), ` +
              `${deactivated} deactivated, ${skippedOrphans} orphan offers skipped, ${warningCount} warnings, ` +
              `${(durationMs / 1000).toFixed(1)} s`,
          );
          say(report.report);
          return {
            session,
            products,
            variants,
            defaultVariants,
            deactivated,
            skippedOrphans,
            warnings,
            durationMs,
          };
        } finally {
          process.removeListener('SIGINT', interrupt).removeListener('SIGTERM', interrupt);
        }
      });
    });
}
