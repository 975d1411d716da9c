import type { Client } from 'pg';
import type { ExchangeSummary, KeyedTable } from '../staging/exchange-summary.ts';
import { FIGURE_COLUMNS, STAGING_SCHEMA as S } from '../staging/staging-schema.ts';

const REFERENCE_TABLES = ['groups', 'price_types', 'warehouses', 'properties', 'goods'] as const;

/**
 * Leaves one staged row an id in the small tables, and tells the planner about them. A folder that mixes two exports
 * repeats records; the later one wins. It works on staging only and so before the merge's transaction.
 *
 * The duplicates are looked for with a hash aggregate that keeps only ids (0.6 s for a million), and only where there
 * are some is anything written; sorting every row with DISTINCT ON took four times as long.
 *
 * @example await removeReferenceDuplicates(client);
 */
export async function removeReferenceDuplicates(client: Client): Promise<void> {
  await forStaging(client, async () => {
    for (const table of REFERENCE_TABLES) {
      await keepLast(client, table);
      await client.query(`ANALYZE ${S}.${table}`);
    }
    await client.query(
      `DELETE FROM ${S}.property_values t USING
         (SELECT property_id, id, max(ord) AS kept FROM ${S}.property_values GROUP BY 1, 2 HAVING count(*) > 1) twice
       WHERE t.property_id = twice.property_id AND t.id = twice.id AND t.ord < twice.kept`,
    );
  });
}

/**
 * Leaves one staged row a key in `offers` and `figures` together, beside the merge's first steps, which do not look at them. Of
 * an offer that comes twice the later one counts; prices and rests of one key may be spread over files, so of those the later
 * figure of each type and warehouse does, and a total is that of the last rest, or none where that one counts by warehouse.
 */
export async function settleOffers(
  client: Client,
  { repeated }: Pick<ExchangeSummary, 'repeated'>,
): Promise<void> {
  await forStaging(client, async () => {
    let moved = '';
    if (repeated.offers !== 'no') {
      const separated = await separateRepeatedOffers(client, among(repeated, 'offers'));
      if (separated) {
        moved = `SELECT id FROM ${S}.repeated_offers`;
        await keepLast(client, 'offers', `WHERE id IN (${moved})`);
      }
    }
    if (repeated.figures === 'unknown') await combineFigures(client, '');
    else if (repeated.figures === 'suspects' || moved !== '') {
      const suspects = `SELECT id FROM ${S}.suspects WHERE staged_in = 'figures'`;
      await combineFigures(client, `WHERE id IN (${suspects}${moved === '' ? '' : ` UNION ALL ${moved}`})`);
    }
    await giveFiguresToOffers(client);
    await client.query(`ANALYZE ${S}.offers, ${S}.figures`);
  });
}

/** Moves the figures of repeated offers out of their rows, so that they outlive those which are removed. Returns whether there are any. */
async function separateRepeatedOffers(client: Client, where: string): Promise<boolean> {
  const repeated = await client.query(
    `CREATE UNLOGGED TABLE ${S}.repeated_offers AS SELECT id FROM ${S}.offers ${where} GROUP BY id HAVING count(*) > 1`,
  );
  if (repeated.rowCount === 0) return false;
  const columns = FIGURES.join(', ');
  await client.query(
    `INSERT INTO ${S}.figures (id, ${columns}) SELECT id, ${columns} FROM ${S}.offers
     WHERE id IN (SELECT id FROM ${S}.repeated_offers) AND (price_ord IS NOT NULL OR rest_ord IS NOT NULL)`,
  );
  await client.query(
    `UPDATE ${S}.offers SET ${FIGURES.map((column) => `${column} = NULL`).join(', ')}
     WHERE id IN (SELECT id FROM ${S}.repeated_offers)`,
  );
  return true;
}

const FIGURES = FIGURE_COLUMNS.map(([name]) => name);
const PRICES = FIGURES.filter((name) => /^p\d/.test(name));
const QUANTITIES = FIGURES.filter((name) => /^q\d/.test(name));

/** Makes one row of those that have the same key. */
async function combineFigures(client: Client, where: string): Promise<void> {
  const latest = (column: string, ord: string): string =>
    `(array_agg(${column} ORDER BY ${ord} DESC) FILTER (WHERE ${column} IS NOT NULL))[1]`;
  const combined: Record<string, string> = {
    price_ord: 'max(price_ord)',
    ...Object.fromEntries(PRICES.map((column) => [column, latest(column, 'price_ord')])),
    rest_ord: 'max(rest_ord)',
    total: '(array_agg(total ORDER BY rest_ord DESC) FILTER (WHERE rest_ord IS NOT NULL))[1]',
    ...Object.fromEntries(QUANTITIES.map((column) => [column, latest(column, 'rest_ord')])),
  };
  await client.query(
    `WITH twice AS (SELECT id FROM ${S}.figures ${where} GROUP BY id HAVING count(*) > 1),
       gone AS (DELETE FROM ${S}.figures t USING twice WHERE t.id = twice.id RETURNING t.*)
     INSERT INTO ${S}.figures (id, ${Object.keys(combined).join(', ')})
     SELECT id, ${Object.values(combined).join(', ')} FROM gone GROUP BY id`,
  );
}

/** What could not be paired while reading: files in different orders, keys that come again. */
async function giveFiguresToOffers(client: Client): Promise<void> {
  const later = (part: 'price' | 'rest'): string =>
    `(f.${part}_ord IS NOT NULL AND (o.${part}_ord IS NULL OR f.${part}_ord > o.${part}_ord))`;
  const figure = (column: string, part: 'price' | 'rest'): string =>
    `CASE WHEN ${later(part)} THEN coalesce(f.${column}, o.${column}) ELSE coalesce(o.${column}, f.${column}) END`;
  const given: Record<string, string> = {
    price_ord: 'greatest(o.price_ord, f.price_ord)',
    ...Object.fromEntries(PRICES.map((column) => [column, figure(column, 'price')])),
    rest_ord: 'greatest(o.rest_ord, f.rest_ord)',
    total: `CASE WHEN ${later('rest')} THEN f.total ELSE o.total END`,
    ...Object.fromEntries(QUANTITIES.map((column) => [column, figure(column, 'rest')])),
  };
  // Mostly none is left, which a join of ids tells in half the time of an update that finds nothing.
  const { rows } = await client.query<{ left: number }>(
    `SELECT count(*)::int AS left FROM ${S}.offers o JOIN ${S}.figures f ON f.id = o.id`,
  );
  if (rows[0]?.left === 0) return;
  await client.query(
    `UPDATE ${S}.offers o SET ${Object.entries(given)
      .map(([column, value]) => `${column} = ${value}`)
      .join(', ')}
     FROM ${S}.figures f WHERE f.id = o.id`,
  );
  await client.query(`DELETE FROM ${S}.figures f USING ${S}.offers o WHERE o.id = f.id`);
}

/** SQL for the keys to look at: those that the reader suspects, or all. */
function among(repeated: ExchangeSummary['repeated'], table: KeyedTable): string {
  return repeated[table] === 'suspects'
    ? `WHERE id IN (SELECT id FROM ${S}.suspects WHERE staged_in = '${table}')`
    : '';
}

async function forStaging(client: Client, work: () => Promise<void>): Promise<void> {
  // Without statistics yet, sorting a million offers for a merge join looks cheaper than hashing a few figures.
  await client.query(
    `SET work_mem = '256MB'; SET default_statistics_target = 10; SET enable_mergejoin = off`,
  );
  await work();
  await client.query('RESET work_mem; RESET default_statistics_target; RESET enable_mergejoin');
}

async function keepLast(
  client: Client,
  table: (typeof REFERENCE_TABLES)[number] | 'offers',
  where = '',
): Promise<void> {
  const removed = await client.query(
    `DELETE FROM ${S}.${table} t USING
       (SELECT id, max(ord) AS kept FROM ${S}.${table} ${where} GROUP BY id HAVING count(*) > 1) twice
     WHERE t.id = twice.id AND t.ord < twice.kept`,
  );
  // Dictionaries come again in every portion of an export; only a repeated good or offer is worth a word.
  if ((removed.rowCount ?? 0) === 0 || (table !== 'goods' && table !== 'offers')) return;
  await client.query(`INSERT INTO ${S}.warnings (code, message) VALUES ('duplicate-id', $1)`, [
    `${removed.rowCount} repeated records of ${table} replaced by the later ones`,
  ]);
}
