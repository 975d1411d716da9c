import type { PriceRole } from '../names/price-role.ts';
import { STAGING_SCHEMA as S } from '../staging/staging-schema.ts';
import type { MergeContext } from './merge-context.ts';
import type { PriceMapping } from './merge-price-types.ts';

const COLUMN_BY_ROLE = {
  opt1: 'opt1_price',
  opt2: 'opt2_price',
  opt3: 'opt3_price',
  trainer: 'trainer_price',
  federation: 'federation_price',
  rrp: 'rrp',
  msrp: 'msrp',
} as const satisfies Partial<Record<PriceRole, string>>;

type OtherRole = keyof typeof COLUMN_BY_ROLE;

/** The price columns of a variant. */
export type PriceColumn = (typeof COLUMN_BY_ROLE)[OtherRole] | 'retail_price';

/** Whether a price that the package does not name is gone, instead of being as it was. */
export function pricesAreComplete(context: MergeContext): boolean {
  const { coverage } = context.summary;
  return coverage.price === 'full' && (context.mode === 'prices' || coverage.offer === 'full');
}

/**
 * SQL for each price column of a variant, over what is staged of its key, `o`, and the variant `v` as it is.
 * A price that a full package does not name is gone (null: shown and cannot be bought); one that changes do not name
 * stays.
 *
 * Retail falls back along the chain within the row: a variant without a plain retail price is sold at РРЦ, never at 0.
 */
export function priceExpressions(context: MergeContext, prices: PriceMapping): Record<PriceColumn, string> {
  const complete = pricesAreComplete(context);
  const effective = (typeId: string | undefined, column: PriceColumn): string => {
    // A role that no type of 1C has (any more) has no price; one whose type is not in this exchange keeps it.
    const staged = typeId === undefined ? 'NULL::numeric' : stagedPrice(prices, typeId);
    if (staged === undefined) return `v.${column}`;
    if (!complete) return `coalesce(${staged}, v.${column})`;
    return `CASE WHEN o.offered OR o.price_ord IS NOT NULL THEN ${staged} ELSE v.${column} END`;
  };
  const { byRole, retailChain } = prices.plan;
  const roleOf = new Map([...byRole].map(([role, id]) => [id, role]));
  const retail = retailChain.map((id) => {
    const role = roleOf.get(id);
    return effective(id, role === undefined || role === 'retail' ? 'retail_price' : COLUMN_BY_ROLE[role]);
  });
  const other = (role: OtherRole): string => effective(byRole.get(role), COLUMN_BY_ROLE[role]);
  return {
    retail_price: retail.length === 0 ? 'v.retail_price' : `coalesce(${retail.join(', ')})`,
    opt1_price: other('opt1'),
    opt2_price: other('opt2'),
    opt3_price: other('opt3'),
    trainer_price: other('trainer'),
    federation_price: other('federation'),
    rrp: other('rrp'),
    msrp: other('msrp'),
  };
}

/**
 * SQL for one type's price of the staged key `o`, with the two decimals that the catalogue holds so that the difference
 * filter compares like with like; undefined where the type is not in this exchange.
 */
export function stagedPrice(prices: PriceMapping, typeId: string): string | undefined {
  const type = prices.types.get(typeId);
  if (type === undefined || !type.staged) return undefined;
  if (type.column !== undefined) return `o.${type.column}`;
  return `(SELECT x.amount FROM ${S}.price_extra x WHERE x.id = o.id AND x.type_id = '${type.onecId.replaceAll("'", "''")}'
    ORDER BY x.ord DESC LIMIT 1)`;
}
