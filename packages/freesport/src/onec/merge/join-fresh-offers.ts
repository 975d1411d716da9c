import type { Client } from 'pg';
import { STAGING_SCHEMA as S } from '../staging/staging-schema.ts';
import type { MergeContext } from './merge-context.ts';
import type { PriceMapping } from './merge-price-types.ts';
import type { StagedWarehouses } from './merge-warehouses.ts';
import { VARIANT_FIELDS, variantColumns } from './variant-columns.ts';

/** Every column of a fresh variant but its product, which only the merge's transaction can see. */
export const JOINED_FIELDS = VARIANT_FIELDS.filter((field) => field !== 'product_id');

/**
 * An empty table shaped like `product_variants`, for `joinFreshOffers`: the merge's transaction holds that one locked.
 * Called before it begins.
 */
export async function prepareFreshJoin(client: Client): Promise<void> {
  await client.query(`CREATE UNLOGGED TABLE ${S}.no_variant AS SELECT * FROM product_variants WITH NO DATA`);
}

/**
 * Joins offers with their goods, prices and rests into `fresh_offers`, on the connection outside the transaction: all
 * of them are staged and committed, and the transaction's core is busy with products and identities meanwhile. Half
 * of loading a million variants was this join.
 */
export async function joinFreshOffers(
  context: MergeContext,
  prices: PriceMapping,
  warehouses: StagedWarehouses,
): Promise<void> {
  const { second } = context;
  const columns = variantColumns(context, prices, warehouses);
  const fields = JOINED_FIELDS.map((field) => `${columns[field]} AS ${field}`).join(', ');
  await second.query(`SET work_mem = '256MB'; SET enable_mergejoin = off; SET jit = off`);
  await second.query(`DROP TABLE IF EXISTS ${S}.fresh_offers`);
  await second.query(
    `CREATE UNLOGGED TABLE ${S}.fresh_offers AS
     SELECT o.id AS onec_id, o.good_id, ${fields}
     FROM (SELECT *, false AS is_default FROM ${S}.offers) o
       LEFT JOIN ${S}.goods g ON g.id = o.good_id
       LEFT JOIN ${S}.prices p ON p.id = o.id
       LEFT JOIN ${S}.rests r ON r.id = o.id
       LEFT JOIN ${S}.no_variant v ON false`,
  );
  await second.query(`SET default_statistics_target = 10; ANALYZE ${S}.fresh_offers (onec_id, good_id)`);
  await second.query('RESET work_mem; RESET enable_mergejoin; RESET jit; RESET default_statistics_target');
}
