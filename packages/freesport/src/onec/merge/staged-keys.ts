import type { ClientBase } from 'pg';
import type { ImportMode } from '../import-mode.ts';
import { FIGURE_COLUMNS, OFFER_COLUMNS, STAGING_SCHEMA as S } from '../staging/staging-schema.ts';

// Subqueries for the alias `o`: what is staged of a key, one row each. Prices and rests are there where `price_ord` and
// `rest_ord` are.

/** Real and pseudo offers. */
export const ALL_OFFERS = `(SELECT *, false AS is_default, true AS offered FROM ${S}.offers
  UNION ALL SELECT *, true, true FROM ${S}.default_offers)`;

/** Keys of which only figures are known, if any. */
export const LOOSE_FIGURES = `(SELECT * FROM ${S}.figures f
  WHERE NOT EXISTS (SELECT 1 FROM ${S}.default_offers d WHERE d.id = f.id))`;

const NO_OFFER = OFFER_COLUMNS.filter(([name]) => name !== 'id').map(([, type]) => `NULL::${castable(type)}`);

/** Everything: offers of either sort, and keys of which only figures are known. */
export const ALL_KEYS = `(SELECT * FROM ${ALL_OFFERS} offers
  UNION ALL SELECT id, ${[...NO_OFFER, ...FIGURE_COLUMNS.map(([name]) => name)].join(', ')}, NULL, false
  FROM ${LOOSE_FIGURES} loose)`;

function castable(type: string): string {
  return type.replace(/ COLLATE .*/, '');
}

/**
 * Makes `default_offers`: a pseudo offer for each staged good of a query, with the figures of its id; none where the mode is of
 * prices or stock alone. It may be there already (see `remakeStaged`), and is shaped like `offers`, so that both are one relation.
 *
 * @example await makeDefaultOffers(client, { mode, goods: 'SELECT g.* FROM onec_staging.goods g' });
 */
export async function makeDefaultOffers(
  client: ClientBase,
  { mode, goods }: { readonly mode: ImportMode; readonly goods: string },
): Promise<void> {
  await client.query(`DROP TABLE IF EXISTS ${S}.default_offers`);
  await client.query(`CREATE UNLOGGED TABLE ${S}.default_offers (LIKE ${S}.offers)`);
  if (mode !== 'prices' && mode !== 'stock') {
    const figures = FIGURE_COLUMNS.map(([name]) => `f.${name}`).join(', ');
    // A good without a name is staged under its id.
    await client.query(
      `INSERT INTO ${S}.default_offers
       SELECT g.id, g.ord, g.id, left(CASE WHEN g.name = g.id THEN '' ELSE g.name END, 300),
         left(trim(coalesce(g.article, '')), 100), left(trim(g.barcode), 100), left(g.color, 100), left(g.size, 200),
         NULL, g.deleted, ${figures}
       FROM (${goods}) g LEFT JOIN ${S}.figures f ON f.id = g.id`,
    );
  }
  // A few among a million keys: without this they are taken for many, and the keys are hashed instead.
  await client.query(`ANALYZE ${S}.default_offers`);
}
