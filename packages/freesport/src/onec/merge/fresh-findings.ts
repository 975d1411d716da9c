import type { Client } from 'pg';
import { STAGING_SCHEMA as S } from '../staging/staging-schema.ts';
import { type MergeContext, remakeStaged, run } from './merge-context.ts';
import { UNMAPPED_COLORS } from './report-unmapped-colors.ts';
import { LOOSE_FIGURES } from './staged-keys.ts';

/** Products of an empty catalogue that have variants, and whether one of those is for sale: what `decideActivity` asks for. */
export const SOLD_FRESH = `SELECT product_id, sold FROM ${S}.sold_products`;

const FINDINGS = {
  sold_products: `SELECT product_id, bool_or(is_active) AS sold FROM ${S}.fresh_offers GROUP BY product_id`,
  unknown_keys: `SELECT said.code, o.id AS subject, said.what || ' skipped: no variant has this key' AS message
    FROM ${LOOSE_FIGURES} o CROSS JOIN LATERAL (VALUES
      ('unknown-offer-price', 'prices', o.price_ord), ('unknown-offer-rest', 'stock', o.rest_ord)) AS said (code, what, ord)
    WHERE said.ord IS NOT NULL`,
  unmapped_colors: UNMAPPED_COLORS,
};

/**
 * Looks through what was staged for an empty catalogue, on the connection outside the transaction, while that one takes
 * variants and stock in: staging is all that it reads.
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
