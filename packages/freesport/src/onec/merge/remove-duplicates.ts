import {
  STAGING_SCHEMA as S,
  STAGED_PRICE_COLUMNS,
  STAGED_WAREHOUSE_COLUMNS,
} from '../staging/staging-schema.ts';
import { type MergeContext, run } from './merge-context.ts';

/**
 * Leaves one staged row an id. A folder that mixes two exports repeats records; the later one wins. Prices and rests
 * of one key may be spread over files, so of those the later figure of each type and warehouse wins.
 *
 * The duplicates are looked for with a hash aggregate that keeps only ids (0.6 s for a million), and only where there
 * are some is anything written; sorting every row with DISTINCT ON took four times as long.
 */
export async function removeDuplicates(context: MergeContext): Promise<void> {
  for (const table of ['groups', 'price_types', 'warehouses', 'properties', 'goods', 'offers'] as const) {
    const removed = await run(
      context,
      `DELETE FROM ${S}.${table} t USING
         (SELECT id, max(ord) AS kept FROM ${S}.${table} GROUP BY id HAVING count(*) > 1) twice
       WHERE t.id = twice.id AND t.ord < twice.kept`,
    );
    // Dictionaries come again in every portion of an export; only a repeated good or offer is worth a word.
    if (removed > 0 && (table === 'goods' || table === 'offers')) {
      await run(context, `INSERT INTO ${S}.warnings (code, message) VALUES ('duplicate-id', $1)`, [
        `${removed} repeated records of ${table} replaced by the later ones`,
      ]);
    }
  }
  await run(
    context,
    `DELETE FROM ${S}.property_values t USING
       (SELECT property_id, id, max(ord) AS kept FROM ${S}.property_values GROUP BY 1, 2 HAVING count(*) > 1) twice
     WHERE t.property_id = twice.property_id AND t.id = twice.id AND t.ord < twice.kept`,
  );
  await combine(context, 'prices', columns('p', STAGED_PRICE_COLUMNS));
  await combine(context, 'rests', ['total', ...columns('q', STAGED_WAREHOUSE_COLUMNS)]);
}

function columns(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

async function combine(
  context: MergeContext,
  table: 'prices' | 'rests',
  figures: readonly string[],
): Promise<void> {
  const latest = figures.map(
    (figure) =>
      `(array_agg(${figure} ORDER BY ord DESC) FILTER (WHERE ${figure} IS NOT NULL))[1] AS ${figure}`,
  );
  await run(
    context,
    `WITH twice AS (SELECT id FROM ${S}.${table} GROUP BY id HAVING count(*) > 1),
       gone AS (DELETE FROM ${S}.${table} t USING twice WHERE t.id = twice.id RETURNING t.*)
     INSERT INTO ${S}.${table} (ord, id, ${figures.join(', ')})
     SELECT max(ord), id, ${latest.join(', ')} FROM gone GROUP BY id`,
  );
}
