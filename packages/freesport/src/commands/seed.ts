import type { Command } from 'commander';
import { withClient } from '../database/with-client.ts';
import { seedShop } from '../seed/seed-shop.ts';
import { runCommand, wholeNumber } from './run-command.ts';

interface SeedArguments {
  readonly users: string;
  readonly orders: string;
  readonly carts: string;
  readonly products: string;
  readonly exchange?: string;
  readonly seed: string;
  readonly json?: boolean;
}

/**
 * `seed --users N --orders N --carts N [--products N | --exchange DIR] [--seed S]`: a legacy shop of any size.
 *
 * @example
 * seedCommand(program);
 */
export function seedCommand(program: Command): void {
  program
    .command('seed')
    .description('fill an empty 13.3 database with a shop; the same options make the same rows')
    .option('--users <n>', 'users', '1000')
    .option('--orders <n>', 'orders, three lines each on average', '20000')
    .option('--carts <n>', 'carts', '500')
    .option('--products <n>', 'SKUs to make up without an exchange', '1000')
    .option('--exchange <dir>', 'take the SKUs from this 1C exchange')
    .option('--seed <n>', 'another number makes another shop', '1')
    .option('--json', 'print one JSON object to stdout')
    .action(async (options: SeedArguments) => {
      await runCommand('seed', options, async (say) => {
        const started = performance.now();
        const counts = await withClient((client) =>
          seedShop(
            client,
            {
              users: wholeNumber('--users', options.users),
              orders: wholeNumber('--orders', options.orders),
              carts: wholeNumber('--carts', options.carts),
              products: wholeNumber('--products', options.products, { min: 1 }),
              exchange: options.exchange,
              seed: wholeNumber('--seed', options.seed, { max: 2000 }),
            },
            say,
          ),
        );
        const durationMs = Math.round(performance.now() - started);
        say(
          `Seeded ${counts.products} products, ${counts.orders} orders, ${counts.users} users in ${durationMs} ms`,
        );
        return { counts, durationMs };
      });
    });
}
