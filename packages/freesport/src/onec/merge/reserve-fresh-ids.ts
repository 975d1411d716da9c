import type { ClientBase } from 'pg';

/** Ids that no other row has or will get: the record number of a good or an offer (`ord`, from 1) is added to them. */
export interface FreshIds {
  /** Decimal; the product of the good with `ord` 7 is `product + 7`. */
  readonly product: string;
  /** Decimal; likewise for the identity of an offer. */
  readonly identity: string;
  /** Decimal; likewise for its variant. */
  readonly variant: string;
}

/**
 * Takes ranges of ids for the goods, offers and default variants of an empty catalogue. An id that can be computed from the
 * staged row need not be looked up in what the merge's transaction has just inserted, so another connection, which cannot
 * see it, computes the rows. Records that become no product and no variant leave gaps, which ids may have.
 *
 * The tables are locked first: a number that someone else draws between reading the sequence and setting it would be
 * inside the range. It is above the table as well as the sequence, which rows with an id of their own do not move.
 *
 * @example const ids = await reserveFreshIds(client, 1_001_000); // { product: '1', identity: '50001', variant: '1' }
 */
export async function reserveFreshIds(client: ClientBase, lastOrd: number): Promise<FreshIds> {
  await client.query('LOCK TABLE products, sku_identities, product_variants IN SHARE ROW EXCLUSIVE MODE');
  return {
    product: await reserve(client, 'products', lastOrd),
    identity: await reserve(client, 'sku_identities', lastOrd),
    variant: await reserve(client, 'product_variants', lastOrd),
  };
}

async function reserve(client: ClientBase, table: string, count: number): Promise<string> {
  const sequence = `pg_get_serial_sequence('${table}', 'id')`;
  const { rows } = await client.query<{ base: string }>(
    `SELECT (setval(${sequence}, greatest(nextval(${sequence}), (SELECT max(id) FROM ${table})) + $1::int8) - $1::int8)::text AS base`,
    [count],
  );
  const base = rows[0]?.base;
  if (base === undefined) throw new Error(`${table} has no sequence for its ids`);
  return base;
}
