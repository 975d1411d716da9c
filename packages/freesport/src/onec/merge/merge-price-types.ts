import { type PricePlan, planPrices } from '../names/price-role.ts';
import { STAGING_SCHEMA as S } from '../staging/staging-schema.ts';
import { type MergeContext, run } from './merge-context.ts';
import { pricesAreComplete } from './price-expressions.ts';

/** A price type of the shop as staging knows it. */
export interface StagedPriceType {
  readonly onecId: string;
  /** `price_types.id`. */
  readonly id: number;
  /** Column of staged figures, or undefined where the type is not in this exchange or in `price_extra`. */
  readonly column: string | undefined;
  readonly staged: boolean;
}

/** How staged prices become columns and rows. */
export interface PriceMapping {
  readonly plan: PricePlan;
  readonly types: ReadonlyMap<string, StagedPriceType>;
}

const FIELD_BY_ROLE = {
  retail: 'retail_price',
  opt1: 'opt1_price',
  opt2: 'opt2_price',
  opt3: 'opt3_price',
  trainer: 'trainer_price',
  federation: 'federation_price',
  rrp: 'rrp',
  msrp: 'msrp',
} as const;

const USER_ROLE: Readonly<Record<string, string>> = {
  retail: 'retail',
  opt1: 'wholesale_level1',
  opt2: 'wholesale_level2',
  opt3: 'wholesale_level3',
  trainer: 'trainer',
  federation: 'federation_rep',
};

interface PriceTypeRow {
  readonly id: number;
  readonly onec_id: string;
  readonly onec_name: string;
  readonly currency: string;
}

/**
 * Brings `price_types` to what the exchange declares and decides, over all known types, which feeds which column.
 * The order of declaration is the order of their ids, so that a later exchange of prices alone decides the same.
 */
export async function mergePriceTypes(context: MergeContext): Promise<PriceMapping> {
  const { client, summary } = context;
  await run(
    context,
    `INSERT INTO price_types (onec_id, onec_name, product_field, currency)
     SELECT t.onec_id, left(t.name, 255), NULL, ''
     FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS t (onec_id, name, ord)
     WHERE NOT EXISTS (SELECT 1 FROM price_types p WHERE p.onec_id = t.onec_id) ORDER BY ord`,
    [summary.priceTypes.map((type) => type.id), summary.priceTypes.map((type) => type.name)],
  );
  await run(
    context,
    `UPDATE price_types p SET onec_name = left(t.name, 255), currency = left(coalesce(t.currency, ''), 10),
       is_active = NOT t.deleted, updated_at = now()
     FROM ${S}.price_types t WHERE t.id = p.onec_id AND (p.onec_name, p.currency, p.is_active)
       IS DISTINCT FROM (left(t.name, 255), left(coalesce(t.currency, ''), 10), NOT t.deleted)`,
  );
  await retireAbsent(context);
  const { rows } = await client.query<PriceTypeRow>(
    'SELECT id, onec_id, onec_name, currency FROM price_types WHERE is_active ORDER BY id',
  );
  const plan = planPrices(
    rows.map((row) => ({ id: row.onec_id, name: row.onec_name, currency: row.currency })),
  );
  await saveRoles(context, plan);
  const types = new Map<string, StagedPriceType>();
  for (const { id, onec_id: onecId } of rows) {
    const staged = summary.priceTypes.find((type) => type.id === onecId);
    const column = staged?.column === undefined ? undefined : `p${staged.column}`;
    types.set(onecId, { id, onecId, staged: staged !== undefined, column });
  }
  return { plan, types };
}

/**
 * A type that a full exchange of offers and prices neither declares nor uses is none any more: it gives its role to the
 * type that 1C has put in its place, instead of keeping the prices of its last day. One that is used is back.
 */
async function retireAbsent(context: MergeContext): Promise<void> {
  const named = context.summary.priceTypes.map((type) => type.id);
  await run(
    context,
    `UPDATE price_types SET is_active = true, updated_at = now() WHERE NOT is_active AND onec_id = ANY($1)
       AND NOT EXISTS (SELECT 1 FROM ${S}.price_types t WHERE t.id = onec_id)`,
    [named],
  );
  if (context.mode !== 'full' || !pricesAreComplete(context)) return;
  await run(
    context,
    `UPDATE price_types SET is_active = false, updated_at = now() WHERE is_active AND onec_id <> ALL($1)`,
    [named],
  );
}

async function saveRoles(context: MergeContext, plan: PricePlan): Promise<void> {
  const fields = new Map<string, { field: string; role: string }>();
  for (const [role, id] of plan.byRole)
    fields.set(id, { field: FIELD_BY_ROLE[role], role: USER_ROLE[role] ?? '' });
  const [retail] = plan.retailChain;
  if (retail !== undefined && !fields.has(retail))
    fields.set(retail, { field: 'retail_price', role: 'retail' });
  await run(
    context,
    `UPDATE price_types p SET product_field = t.field, user_role = coalesce(t.role, ''), updated_at = now()
     FROM price_types q LEFT JOIN unnest($1::text[], $2::text[], $3::text[]) AS t (onec_id, field, role)
       ON t.onec_id = q.onec_id
     WHERE q.id = p.id AND (p.product_field, p.user_role) IS DISTINCT FROM (t.field, coalesce(t.role, ''))`,
    [[...fields.keys()], [...fields.values()].map((f) => f.field), [...fields.values()].map((f) => f.role)],
  );
  const used = new Set(context.summary.priceTypes.map((type) => type.id));
  for (const type of plan.withoutRole.filter(({ id }) => used.has(id))) {
    await run(
      context,
      `INSERT INTO ${S}.warnings (code, subject, message) VALUES ('price-type-without-role', $1, $2)`,
      [
        type.id,
        `price type "${type.name}"${type.currency ? ` (${type.currency})` : ''} sets no price of a role; its prices are kept in variant_prices only`,
      ],
    );
  }
}
