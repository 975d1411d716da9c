import type { Client } from 'pg';
import { STAGING_SCHEMA as S } from '../staging/staging-schema.ts';
import { type MergeContext, remakeStaged, run } from './merge-context.ts';
import { UNMAPPED_COLORS } from './report-unmapped-colors.ts';
import { ALL_OFFERS } from './variant-columns.ts';

/** Products of an empty catalogue that have variants, and whether one of those is for sale: what `decideActivity` asks for. */
export const SOLD_FRESH = `SELECT product_id, sold FROM ${S}.sold_products`;

const FINDINGS = {
  sold_products: `SELECT product_id, bool_or(is_active) AS sold FROM ${S}.fresh_offers GROUP BY product_id`,
  unknown_keys: `SELECT k.code, k.id AS subject, k.what || ' skipped: no variant has this key' AS message
    FROM (SELECT 'unknown-offer-price' AS code, 'prices' AS what, id FROM ${S}.prices
      UNION ALL SELECT 'unknown-offer-rest', 'stock', id FROM ${S}.rests) k
    WHERE NOT EXISTS (SELECT 1 FROM ${ALL_OFFERS} o WHERE o.id = k.id)`,
  unmapped_colors: UNMAPPED_COLORS,
};

/**
 * Looks through what was staged for an empty catalogue, on the connection outside the transaction, while that one takes
 * the variants in: staging is all that it reads.
 */
export async function lookThroughStaging(client: Client): Promise<void> {
  for (const [table, rows] of Object.entries(FINDINGS)) await remakeStaged(client, table, rows);
}

/** Warns of what `lookThroughStaging` has found: figures without a variant, and colours without a swatch. */
export async function warnOfFindings(context: MergeContext): Promise<void> {
  for (const table of ['unknown_keys', 'unmapped_colors']) {
    await run(
      context,
      `INSERT INTO ${S}.warnings (code, subject, message) SELECT code, subject, message FROM ${S}.${table}`,
    );
  }
}
