import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import type { PrivateCluster } from 'pg-cluster';
import { toolEnvironment } from 'roundtrip/postgres';

const SHOP = path.resolve(import.meta.dirname, '../packages/freesport/bin/freesport.ts');
const TIMEOUT_MS = 600_000;

/**
 * Makes a shop of 13.3 with this many orders, everything else in proportion: a million orders have 50k products, 200k
 * users, about 3M order items and 20k carts. The shop's own seed fills it by sets.
 *
 * @example await createReferenceShop(cluster, { database: 'shop', orders: 20_000 });
 */
export async function createReferenceShop(
  cluster: PrivateCluster,
  { database, orders }: { readonly database: string; readonly orders: number },
): Promise<void> {
  await cluster.query(`CREATE DATABASE ${database}`);
  const address = toolEnvironment(cluster.address(database), { applicationName: 'bench seed' });
  const shop = async (...argv: string[]): Promise<void> => {
    const env = { ...process.env, ...address };
    await execute(process.execPath, [SHOP, ...argv], { env, timeout: TIMEOUT_MS });
  };
  const count = (share: number): string => String(Math.max(1, Math.round(orders * share)));
  await shop('migrate', '--target', '13.3');
  const people = ['--orders', count(1), '--users', count(0.2)];
  await shop('seed', ...people, '--products', count(0.05), '--carts', count(0.02));
  await cluster.query('VACUUM ANALYZE', [], database);
}

const execute = promisify(execFile);
