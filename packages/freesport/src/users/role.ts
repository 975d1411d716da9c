/** Who buys: decides which price column applies. The values are those of `users.role`. */
export type Role =
  | 'retail'
  | 'wholesale_level1'
  | 'wholesale_level2'
  | 'wholesale_level3'
  | 'trainer'
  | 'federation_rep'
  | 'admin';

/** Column names are the same in `products` of 13.3 and in `product_variants` of 13.4. */
const PRICE_COLUMNS: Readonly<Record<Role, string>> = {
  retail: 'retail_price',
  wholesale_level1: 'opt1_price',
  wholesale_level2: 'opt2_price',
  wholesale_level3: 'opt3_price',
  trainer: 'trainer_price',
  federation_rep: 'federation_price',
  admin: 'retail_price',
};

/**
 * The price column of a role.
 *
 * @example
 * priceColumn('trainer'); // 'trainer_price'
 */
function priceColumn(role: Role): string {
  return PRICE_COLUMNS[role];
}

/**
 * SQL of the price that `role` pays for a row of `alias`: the role's own, else retail. 0 stands for "not given" in
 * exchanges of 1C, so it never makes an article free.
 *
 * @example
 * priceExpression('trainer', 'v'); // coalesce(nullif(v.trainer_price, 0), nullif(v.retail_price, 0))
 */
export function priceExpression(role: Role, alias: string): string {
  const column = priceColumn(role);
  const retail = `nullif(${alias}.retail_price, 0)`;
  return column === 'retail_price' ? retail : `coalesce(nullif(${alias}.${column}, 0), ${retail})`;
}

/** Whether a text is one of the seven roles. */
export function isRole(text: string): text is Role {
  return Object.hasOwn(PRICE_COLUMNS, text);
}
