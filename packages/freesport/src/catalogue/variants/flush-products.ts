import type pg from 'pg';
import { ShopError } from '../../errors.ts';

/** What 1C can give back. All of it goes at once, so the order does not matter. */
export const FLUSHED_TABLES = [
  'variant_properties',
  'variant_prices',
  'variant_stocks',
  'product_properties',
  'product_images',
  'product_variants',
  'products',
] as const;

/** Whose rows a flush must never touch, whatever the foreign keys say. */
export const PROTECTED_TABLES = [
  'users',
  'companies',
  'addresses',
  'orders',
  'order_items',
  'carts',
  'cart_items',
  'favorites',
  'sku_identities',
  'color_mappings',
  'brands',
  'categories',
] as const;

const LOCK_TIMEOUT_MS = 5_000;
/** A look must not hold up a shop that is serving: who waits for the lock makes everybody behind it wait. */
const DRY_RUN_LOCK_TIMEOUT_MS = 500;

export interface FlushOutcome {
  readonly deletedVariants: number;
  readonly deletedProducts: number;
  readonly keptColorMappings: number;
  readonly keptSkuIdentities: number;
  readonly dryRun: boolean;
}

/**
 * Deletes every product and variant, and nothing that 1C cannot give back. TRUNCATE … RESTRICT: at any size it takes
 * milliseconds, and PostgreSQL itself refuses it when a table outside the list refers to one of these. A dry run does
 * all of it and rolls back, so its numbers are those of the real run.
 *
 * @throws ShopError `refused` where a protected table refers to a flushed one (a database before 13.4).
 * @example
 * const { deletedProducts } = await flushProducts(client, { dryRun: true });
 */
export async function flushProducts(
  client: pg.Client,
  options: { readonly dryRun: boolean; readonly lockTimeoutMs?: number },
): Promise<FlushOutcome> {
  await client.query('BEGIN');
  try {
    const lockTimeoutMs =
      options.lockTimeoutMs ?? (options.dryRun ? DRY_RUN_LOCK_TIMEOUT_MS : LOCK_TIMEOUT_MS);
    await client.query(`SET LOCAL lock_timeout = ${Math.trunc(lockTimeoutMs)}`);
    await refuseTouchedTables(client);
    await client.query(`LOCK TABLE ${FLUSHED_TABLES.join(', ')} IN ACCESS EXCLUSIVE MODE`);
    const before = await count(client);
    await client.query(`TRUNCATE ${FLUSHED_TABLES.join(', ')} RESTRICT`);
    const after = await count(client);
    if (after.kept_colors !== before.kept_colors || after.kept_identities !== before.kept_identities) {
      throw new ShopError(
        'failed',
        'the flush changed color_mappings or sku_identities; it was rolled back whole',
      );
    }
    await client.query(options.dryRun ? 'ROLLBACK' : 'COMMIT');
    return {
      deletedVariants: before.variants,
      deletedProducts: before.products,
      keptColorMappings: after.kept_colors,
      keptSkuIdentities: after.kept_identities,
      dryRun: options.dryRun,
    };
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    if ((error as { code?: unknown }).code === '55P03') {
      throw new ShopError(
        'refused',
        'another session holds a lock on the catalogue; nothing was deleted. Stop the services and try again.',
        {
          cause: error,
        },
      );
    }
    throw error;
  }
}

interface Counts extends pg.QueryResultRow {
  readonly variants: number;
  readonly products: number;
  readonly kept_colors: number;
  readonly kept_identities: number;
}

async function count(client: pg.Client): Promise<Counts> {
  const { rows } = await client.query<Counts>(
    `SELECT (SELECT count(*)::int FROM product_variants) AS variants, (SELECT count(*)::int FROM products) AS products,
       (SELECT count(*)::int FROM color_mappings) AS kept_colors, (SELECT count(*)::int FROM sku_identities) AS kept_identities`,
  );
  const [row] = rows;
  if (row === undefined) throw new ShopError('failed', 'PostgreSQL returned no counts');
  return row;
}

async function refuseTouchedTables(client: pg.Client): Promise<void> {
  const present = await client.query<{ missing: string[] | null }>(
    `SELECT array_agg(name) AS missing FROM unnest($1::text[]) AS name WHERE to_regclass('public.' || name) IS NULL`,
    [[...FLUSHED_TABLES, 'sku_identities', 'color_mappings']],
  );
  const missing = present.rows[0]?.missing ?? [];
  if (missing.length > 0) {
    throw new ShopError(
      'refused',
      `this database has no ${missing.join(', ')}: it is not of 13.4. Nothing was deleted. Run migrate first.`,
      { details: { missing } },
    );
  }
  const { rows } = await client.query<{ child: string; parent: string }>(
    `SELECT conrelid::regclass::text AS child, confrelid::regclass::text AS parent FROM pg_constraint
     WHERE contype = 'f' AND confrelid = ANY($1::text[]::regclass[]) AND NOT conrelid = ANY($1::text[]::regclass[])`,
    [[...FLUSHED_TABLES]],
  );
  if (rows.length > 0) {
    const named = rows.map((row) => `${row.child} → ${row.parent}`);
    throw new ShopError(
      'refused',
      `rows outside the catalogue refer to what would be deleted (${named.join(', ')}). Nothing was deleted. ` +
        'Run migrate to 13.4, after which they refer to sku_identities.',
      { details: { references: named } },
    );
  }
}
