import type { Command } from 'commander';
import { withClient } from '../database/with-client.ts';
import { ShopError } from '../errors.ts';
import { releaseVersion } from '../release.ts';
import { runCommand } from './run-command.ts';

interface FlushArguments {
  readonly confirm?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/**
 * `flush-products --confirm [--dry-run]`: deletes products and variants before a full import.
 *
 * @example
 * flushProductsCommand(program);
 */
export function flushProductsCommand(program: Command): void {
  program
    .command('flush-products')
    .description(
      'delete all products and variants; keep SKU identities, colours, brands, categories, orders, carts',
    )
    .option('--confirm', 'really delete')
    .option('--dry-run', 'print the same numbers and delete nothing')
    .option('--json', 'print one JSON object to stdout')
    .action(async (options: FlushArguments) => {
      await runCommand('flush-products', options, async (say) => {
        if (releaseVersion() !== '13.4') {
          throw new ShopError(
            'refused',
            'flush-products belongs to release 13.4; 13.3 cannot give back what it deletes',
          );
        }
        const dryRun = options.dryRun === true;
        if (!dryRun && options.confirm !== true) {
          throw new ShopError(
            'unconfirmed',
            'Необходимо подтвердить удаление: --confirm. Deletion must be confirmed with --confirm; nothing was deleted.',
          );
        }
        const { flushProducts } = await import('../catalogue/variants/flush-products.ts');
        const outcome = await withClient((client) => flushProducts(client, { dryRun }));
        say(`Deleted ${outcome.deletedVariants} ProductVariants`);
        say(`Deleted ${outcome.deletedProducts} Products`);
        say(`Kept ${outcome.keptColorMappings} ColorMappings`);
        say(`Kept ${outcome.keptSkuIdentities} SkuIdentities`);
        say(dryRun ? 'Dry run: everything was rolled back' : 'Flush completed successfully');
        return outcome;
      });
    });
}
