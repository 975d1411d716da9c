import type { SqlExpectation } from 'roundtrip';

/** What `commerceml inspect` counted in the exchange, as evidence of the step "exchange". */
const counted = (name: string) => ({ evidence: 'exchange', path: `stdout.${name}` }) as const;

/** The story's validation queries (AC5), with the numbers that the exchange itself gives. */
export const validationQueries: readonly SqlExpectation[] = [
  {
    name: 'products = goods of the exchange',
    sql: 'SELECT count(*) FROM products',
    is: '=',
    value: counted('goods'),
  },
  {
    name: 'variants = offers with a good, and one for each good without offers',
    sql: 'SELECT count(*) FROM product_variants',
    is: '=',
    value: { plus: [counted('offers'), counted('goodsWithoutOffer')], minus: [counted('offersOrphaned')] },
  },
  {
    name: 'products have no price and no stock columns',
    sql: "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = 'products' AND column_name IN ('retail_price', 'stock_quantity')",
    is: 'empty',
  },
  { name: 'at least the 20 base colours', sql: 'SELECT count(*) FROM color_mappings', is: '>=', value: 20 },
  {
    name: 'every product has a variant',
    sql: 'SELECT id FROM products p WHERE NOT EXISTS (SELECT FROM product_variants v WHERE v.product_id = p.id)',
    is: 'empty',
  },
  {
    name: 'every order line still finds its SKU',
    sql: 'SELECT i.id FROM order_items i WHERE NOT EXISTS (SELECT FROM sku_identities s WHERE s.id = i.product_id)',
    is: 'empty',
  },
];
