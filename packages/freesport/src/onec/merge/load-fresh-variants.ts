import type { Client } from 'pg';
import { OPEN_ORDER_QUANTITIES } from '../../orders/sku-store.ts';
import { STAGING_SCHEMA as S } from '../staging/staging-schema.ts';
import { JOINED_FIELDS } from './join-fresh-offers.ts';
import { type MergeContext, run } from './merge-context.ts';
import type { PriceMapping } from './merge-price-types.ts';
import type { StagedWarehouses } from './merge-warehouses.ts';
import { ALL_OFFERS, madeSku, TAKEN_SKU_WARNINGS, variantColumns } from './variant-columns.ts';

/** What says where the figures of a variant are, and when they are there. */
export interface FreshFigures {
  readonly prices: PriceMapping;
  readonly warehouses: StagedWarehouses;
  /** Resolves when `fresh_offers` is complete; see `joinFreshOffers`. */
  readonly joined: Promise<void>;
}

/**
 * Fills the empty `product_variants`. The same columns by the same expressions as `mergeVariants`, without the table
 * of differences in between: nothing can be different from what is there.
 */
export async function loadFreshVariants(context: MergeContext, figures: FreshFigures): Promise<void> {
  const { counters } = context;
  await run(
    context,
    `INSERT INTO ${S}.warnings (code, subject, message)
     SELECT 'orphan-offer', id, 'offer skipped: its good is neither in the exchange nor in the catalogue'
     FROM ${S}.offers o WHERE NOT EXISTS (SELECT 1 FROM products p WHERE p.onec_id = o.good_id)`,
  );
  await findTakenSkus(context);
  counters.identitiesInserted += await run(
    context,
    `INSERT INTO sku_identities (onec_id, parent_onec_id, name, sku)
     SELECT o.id, o.good_id, left(o.name, 300),
       CASE WHEN ${ARTICLE} <> '' AND t.sku IS NULL THEN ${ARTICLE} ELSE ${madeSku('o.id')} END
     FROM ${ALL_OFFERS} o JOIN products gp ON gp.onec_id = o.good_id
       LEFT JOIN ${S}.taken_skus t ON t.sku = ${ARTICLE}
     WHERE NOT EXISTS (SELECT 1 FROM sku_identities s WHERE s.onec_id = o.id)`,
  );
  await run(context, 'ANALYZE sku_identities (onec_id, sku)');
  await figures.joined;
  const unknownKeys = findUnknownKeys(context.second);
  // If the inserts fail first, theirs is the error to tell.
  unknownKeys.catch(() => undefined);
  await insertVariants(context, `(SELECT * FROM ${S}.fresh_offers)`);
  await insertVariants(context, defaultVariants(context, figures));
  await run(context, 'ANALYZE product_variants (onec_id, product_id)');
  await unknownKeys;
  await warnUnknownKeys(context);
}

/** The default variants with their figures, as `fresh_offers` has those of the offers. */
function defaultVariants(context: MergeContext, { prices, warehouses }: FreshFigures): string {
  const columns = variantColumns(context, prices, warehouses);
  return `(SELECT o.id AS onec_id, o.good_id, ${JOINED_FIELDS.map((field) => `${columns[field]} AS ${field}`).join(', ')}
    FROM (SELECT *, true AS is_default FROM ${S}.default_offers) o
      LEFT JOIN ${S}.goods g ON g.id = o.good_id
      LEFT JOIN ${S}.prices p ON p.id = o.id
      LEFT JOIN ${S}.rests r ON r.id = o.id
      LEFT JOIN ${S}.no_variant v ON false)`;
}

async function insertVariants(context: MergeContext, rows: string): Promise<void> {
  context.counters.variantsInserted += await run(
    context,
    `INSERT INTO product_variants (onec_id, sku_identity_id, sku, reserved_quantity, last_sync_at, product_id,
       ${JOINED_FIELDS.join(', ')})
     SELECT f.onec_id, s.id, CASE WHEN s.sku <> '' AND t.sku IS NULL THEN s.sku ELSE ${madeSku('f.onec_id')} END,
       coalesce(open.quantity, 0), now(), gp.id, ${JOINED_FIELDS.map((field) => `f.${field}`).join(', ')}
     FROM ${rows} f JOIN products gp ON gp.onec_id = f.good_id
       JOIN sku_identities s ON s.onec_id = f.onec_id
       LEFT JOIN ${S}.taken_skus t ON t.sku = s.sku
       LEFT JOIN (${OPEN_ORDER_QUANTITIES}) open ON open.product_id = s.id`,
  );
}

const ARTICLE = `left(trim(coalesce(o.article, '')), 100)`;

async function findTakenSkus(context: MergeContext): Promise<void> {
  await run(
    context,
    `CREATE UNLOGGED TABLE ${S}.taken_skus AS
     SELECT sku FROM (
       SELECT s.sku FROM ${ALL_OFFERS} o JOIN sku_identities s ON s.onec_id = o.id WHERE s.sku <> ''
       UNION ALL
       SELECT ${ARTICLE} FROM ${ALL_OFFERS} o JOIN products gp ON gp.onec_id = o.good_id
       WHERE o.article <> '' AND ${ARTICLE} <> ''
         AND NOT EXISTS (SELECT 1 FROM sku_identities s WHERE s.onec_id = o.id AND s.sku <> '')) wanted
     GROUP BY sku HAVING count(*) > 1`,
  );
  await run(context, TAKEN_SKU_WARNINGS);
  await run(context, `ANALYZE ${S}.taken_skus`);
}

const KEYED = [
  { table: 'prices', code: 'unknown-offer-price', what: 'prices' },
  { table: 'rests', code: 'unknown-offer-rest', what: 'stock' },
] as const;

/**
 * Keys of prices and rests that are no offer's, found on the other connection while this one inserts: staging is all that
 * it reads. CREATE TABLE AS, because INSERT … SELECT is never parallel.
 */
async function findUnknownKeys(client: Client): Promise<void> {
  for (const { table } of KEYED) {
    await client.query(`DROP TABLE IF EXISTS ${S}.unknown_${table}`);
    await client.query(
      `CREATE UNLOGGED TABLE ${S}.unknown_${table} AS SELECT k.id FROM ${S}.${table} k
       WHERE NOT EXISTS (SELECT 1 FROM ${S}.offers o WHERE o.id = k.id)`,
    );
  }
}

async function warnUnknownKeys(context: MergeContext): Promise<void> {
  for (const { table, code, what } of KEYED) {
    await run(
      context,
      `INSERT INTO ${S}.warnings (code, subject, message)
       SELECT '${code}', id, '${what} skipped: no variant has this key' FROM ${S}.unknown_${table} k
       WHERE NOT EXISTS (SELECT 1 FROM ${S}.default_offers d WHERE d.id = k.id)`,
    );
  }
}
