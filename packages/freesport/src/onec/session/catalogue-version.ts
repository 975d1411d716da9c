import type { ClientBase } from 'pg';

/** Tables whose rows an import decides, and colour mappings, which decide how it names colours. */
const TABLES = [
  'brands',
  'categories',
  'price_types',
  'warehouses',
  'properties',
  'property_values',
  'products',
  'product_properties',
  'product_variants',
  'variant_prices',
  'variant_stocks',
  'color_mappings',
] as const;

/**
 * A text that changes with any row of the catalogue. A changed row gets the id of a later transaction as its xmin, so
 * with the number of rows unchanged the sum of all xmin can only grow: equal count and sum mean that nobody has
 * inserted, updated or deleted anything. A restored copy has other ids and so another version, which is the safe side.
 *
 * @example await catalogueVersion(client); // 'brands 35 24500, categories 119 83300, …'
 */
export async function catalogueVersion(client: ClientBase): Promise<string> {
  const parts = TABLES.map(
    (table) =>
      `SELECT '${table} ' || coalesce(sum(n), 0) || ' ' || coalesce(sum(n * xmin::text::int8), 0) AS version
       FROM (SELECT xmin, count(*) AS n FROM ${table} GROUP BY xmin) AS transactions`,
  );
  const { rows } = await client.query<{ version: string }>(parts.join(' UNION ALL '));
  // A parallel plan returns the parts as they come.
  return rows
    .map(({ version }) => version)
    .sort()
    .join(', ');
}
