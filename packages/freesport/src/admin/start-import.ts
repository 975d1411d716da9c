import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Queryable } from '../database/database.ts';
import { ShopError } from '../errors.ts';

/** An exchange that an administrator may import. */
export interface AvailableExchange {
  /** Folder name below FREESPORT_EXCHANGE_DIR; `.` is that folder itself. */
  readonly name: string;
  readonly directory: string;
}

/**
 * The exchanges below `root`: its folders, and itself where it holds XML or ZIP files. Only these can be named, so a
 * form cannot make the shop read elsewhere.
 *
 * @example
 * availableExchanges('/var/1c').map((exchange) => exchange.name); // ['.', '2025-11-30']
 */
export function availableExchanges(root: string | undefined): AvailableExchange[] {
  if (root === undefined || root === '') return [];
  const entries = readdirSync(root).sort();
  const folders = entries.filter((entry) => statSync(path.join(root, entry)).isDirectory());
  const own = entries.some((entry) => /\.(xml|zip)$/i.test(entry)) ? ['.'] : [];
  return [...own, ...folders].map((name) => ({ name, directory: path.join(root, name) }));
}

/**
 * Queues an import. One at a time: a second click while one waits changes nothing.
 *
 * @throws ShopError `invalid` for an exchange that is not on offer.
 * @example
 * await startImport(db, process.env.FREESPORT_EXCHANGE_DIR, { name: '2025-11-30', full: true });
 */
export async function startImport(
  db: Queryable,
  root: string | undefined,
  request: { readonly name: string; readonly full: boolean },
): Promise<void> {
  const exchange = availableExchanges(root).find((candidate) => candidate.name === request.name);
  if (exchange === undefined)
    throw new ShopError('invalid', 'Такого обмена нет. / There is no such exchange.');
  await db.query(
    `SELECT graphile_worker.add_job('import_products', $1::json, queue_name => 'import', max_attempts => 1,
       job_key => 'import_products', job_key_mode => 'preserve_run_at')`,
    [JSON.stringify({ directory: exchange.directory, full: request.full })],
  );
}
