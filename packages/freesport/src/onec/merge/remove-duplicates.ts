import type { Client } from 'pg';
import type { ExchangeSummary, KeyedTable } from '../staging/exchange-summary.ts';
import {
  STAGING_SCHEMA as S,
  STAGED_PRICE_COLUMNS,
  STAGED_WAREHOUSE_COLUMNS,
} from '../staging/staging-schema.ts';

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
 * The same for offers, prices and rests, beside the merge's first steps, which do not look at them. Prices and rests
 * of one key may be spread over files, so of those the later figure of each type and warehouse wins; a total is that of
 * the last row, or none where that one counts by warehouse.
 */
export async function removeOfferDuplicates(
  client: Client,
  { repeated }: Pick<ExchangeSummary, 'repeated'>,
): Promise<void> {
  await forStaging(client, async () => {
    if (repeated.offers !== 'no') await keepLast(client, 'offers', among(repeated, 'offers'));
    if (repeated.prices !== 'no') {
      const prices = latestOf(columns('p', STAGED_PRICE_COLUMNS));
      await combine(client, 'prices', prices, among(repeated, 'prices'));
    }
    if (repeated.rests !== 'no') {
      const rests = {
        total: '(array_agg(total ORDER BY ord DESC))[1]',
        ...latestOf(columns('q', STAGED_WAREHOUSE_COLUMNS)),
      };
      await combine(client, 'rests', rests, among(repeated, 'rests'));
    }
    await client.query(`ANALYZE ${S}.offers, ${S}.prices, ${S}.rests`);
  });
}

/** SQL for the keys to look at: those that the reader suspects, or all. */
function among(repeated: ExchangeSummary['repeated'], table: KeyedTable): string {
  return repeated[table] === 'suspects'
    ? `WHERE id IN (SELECT id FROM ${S}.suspects WHERE staged_in = '${table}')`
    : '';
}

async function forStaging(client: Client, work: () => Promise<void>): Promise<void> {
  await client.query(`SET work_mem = '256MB'; SET default_statistics_target = 10`);
  await work();
  await client.query('RESET work_mem; RESET default_statistics_target');
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

function columns(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

/** SQL for the last figure of each column, by column. */
function latestOf(figures: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    figures.map((figure) => [
      figure,
      `(array_agg(${figure} ORDER BY ord DESC) FILTER (WHERE ${figure} IS NOT NULL))[1]`,
    ]),
  );
}

async function combine(
  client: Client,
  table: 'prices' | 'rests',
  figures: Readonly<Record<string, string>>,
  where: string,
): Promise<void> {
  await client.query(
    `WITH twice AS (SELECT id FROM ${S}.${table} ${where} GROUP BY id HAVING count(*) > 1),
       gone AS (DELETE FROM ${S}.${table} t USING twice WHERE t.id = twice.id RETURNING t.*)
     INSERT INTO ${S}.${table} (ord, id, ${Object.keys(figures).join(', ')})
     SELECT max(ord), id, ${Object.values(figures).join(', ')} FROM gone GROUP BY id`,
  );
}
