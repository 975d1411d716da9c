import { foldBrandName, isNoBrand } from 'commerceml';
import { slugBase } from '../names/slug.ts';
import { STAGING_SCHEMA as S } from '../staging/staging-schema.ts';
import { type MergeContext, run } from './merge-context.ts';

interface BrandRow {
  readonly id: number;
  readonly name: string;
  readonly slug: string;
  readonly normalized_name: string;
}

interface IncomingBrand {
  /** What a good refers to: the id of a dictionary value, or the name itself. */
  readonly ref: string;
  readonly name: string;
}

const NAME_LENGTH_MAX = 100;

/**
 * Resolves every brand that goods refer to and leaves `brand_ids (ref, id)` in staging: by the mapping of 1C ids,
 * else by folded name, else a new brand. The first spelling met keeps the name. Where the exchange has a property
 * `Бренд` only that counts, because Изготовитель is then the factory; exports of 2.0x have nothing else.
 */
export async function mergeBrands(context: MergeContext): Promise<void> {
  await run(context, `CREATE UNLOGGED TABLE ${S}.brand_ids (ref text COLLATE "C", id int8)`);
  const incoming = await incomingBrands(context);
  const byFold = new Map<string, number>();
  const slugs = new Set<string>();
  const { rows } = await context.client.query<BrandRow>(
    'SELECT id, name, slug, normalized_name FROM brands ORDER BY id',
  );
  for (const row of rows) {
    slugs.add(row.slug);
    // The stored key may have been made by another rule (the original turned й into и): either one finds the brand.
    for (const fold of [foldBrandName(row.name), row.normalized_name]) {
      if (!byFold.has(fold)) byFold.set(fold, row.id);
    }
  }
  const mapped = await mappedBrands(context);
  const resolved = new Map(mapped);
  const newMappings: { ref: string; name: string; id: number }[] = [];
  for (const { ref, name } of incoming) {
    if (resolved.has(ref) || isNoBrand(name)) continue;
    const fold = foldBrandName(name);
    const id = byFold.get(fold) ?? (await insertBrand(context, { name, fold, slugs }));
    byFold.set(fold, id);
    resolved.set(ref, id);
    if (ref !== name && ref.length <= NAME_LENGTH_MAX) newMappings.push({ ref, name, id });
  }
  await run(
    context,
    `INSERT INTO products_brand_1c_mapping (brand_id, onec_id, onec_name)
     SELECT * FROM unnest($1::int8[], $2::text[], $3::text[])`,
    [
      newMappings.map((m) => m.id),
      newMappings.map((m) => m.ref),
      newMappings.map((m) => m.name.slice(0, 255)),
    ],
  );
  await run(context, `INSERT INTO ${S}.brand_ids SELECT * FROM unnest($1::text[], $2::int8[])`, [
    [...resolved.keys()],
    [...resolved.values()],
  ]);
  await run(context, `ANALYZE ${S}.brand_ids`);
}

/** Brands in the order of the dictionary, then literals and makers by name, so that a clean run always gives the same. */
async function incomingBrands(context: MergeContext): Promise<IncomingBrand[]> {
  const { client, summary } = context;
  const dictionary = await client.query<IncomingBrand>(
    `SELECT id AS ref, trim(value) AS name FROM ${S}.property_values WHERE property_id = ANY($1) ORDER BY ord`,
    [summary.brandPropertyIds],
  );
  const literals = await client.query<IncomingBrand>(
    `WITH g AS MATERIALIZED (SELECT DISTINCT brand_ref AS ref FROM ${S}.goods)
     SELECT g.ref, trim(g.ref) AS name FROM g WHERE g.ref !~ '^[0-9a-fA-F-]{32,}$' AND NOT EXISTS (
       SELECT 1 FROM ${S}.property_values v WHERE v.id = g.ref AND v.property_id = ANY($1)) ORDER BY 1`,
    [summary.brandPropertyIds],
  );
  const brands = [...dictionary.rows, ...literals.rows];
  if (summary.brandPropertyIds.length > 0) return brands;
  const makers = await client.query<IncomingBrand>(
    `SELECT DISTINCT brand_name AS ref, trim(brand_name) AS name FROM ${S}.goods
     WHERE brand_name IS NOT NULL AND trim(brand_name) <> '' ORDER BY 1`,
  );
  return [...brands, ...makers.rows];
}

async function mappedBrands(context: MergeContext): Promise<Map<string, number>> {
  const { rows } = await context.client.query<{ onec_id: string; brand_id: number }>(
    'SELECT onec_id, brand_id FROM products_brand_1c_mapping',
  );
  return new Map(rows.map((row) => [row.onec_id, row.brand_id]));
}

async function insertBrand(
  context: MergeContext,
  brand: { readonly name: string; readonly fold: string; readonly slugs: Set<string> },
): Promise<number> {
  const base = slugBase(brand.name, 'brand').slice(0, 80).replace(/-+$/, '');
  let slug = base;
  for (let number = 2; brand.slugs.has(slug); number += 1) slug = `${base}-${number}`;
  brand.slugs.add(slug);
  const { rows } = await context.client.query<{ id: number }>(
    'INSERT INTO brands (name, slug, normalized_name) VALUES ($1, $2, $3) RETURNING id',
    [brand.name.slice(0, NAME_LENGTH_MAX), slug, brand.fold.slice(0, NAME_LENGTH_MAX)],
  );
  context.counters.brands += 1;
  const [row] = rows;
  if (row === undefined) throw new Error('INSERT INTO brands returned no row');
  return row.id;
}
