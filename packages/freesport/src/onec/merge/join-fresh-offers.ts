import type { Client } from 'pg';
import { OPEN_ORDER_QUANTITIES } from '../../orders/sku-store.ts';
import { STAGING_SCHEMA as S } from '../staging/staging-schema.ts';
import { type MergeContext, remakeStaged, run } from './merge-context.ts';
import type { PriceMapping } from './merge-price-types.ts';
import type { StagedWarehouses } from './merge-warehouses.ts';
import { relayRows } from './relay-rows.ts';
import type { FreshIds } from './reserve-fresh-ids.ts';
import { ALL_OFFERS, makeDefaultOffers } from './staged-keys.ts';
import { freshStockColumns } from './stock-expression.ts';
import { madeSku, VARIANT_FIELDS, variantColumns } from './variant-columns.ts';

/** The columns of a fresh variant that come from offer, good, prices and rests alone. */
export const JOINED_FIELDS = VARIANT_FIELDS.filter((field) => field !== 'product_id');

/** What the catalogue already has of an empty one: whom orders know, and products that were not flushed. */
const KNOWN = [
  {
    table: 'known_products',
    columns: 'id int8, onec_id text COLLATE "C"',
    rows: 'SELECT id, onec_id FROM products WHERE onec_id IS NOT NULL',
  },
  {
    table: 'known_identities',
    columns: 'id int8, onec_id text COLLATE "C", sku text COLLATE "C", quantity int4',
    rows: `SELECT s.id, s.onec_id, s.sku, coalesce(open.quantity, 0)::int4 AS quantity FROM sku_identities s
      LEFT JOIN (${OPEN_ORDER_QUANTITIES}) open ON open.product_id = s.id WHERE s.onec_id IS NOT NULL`,
  },
] as const;

/**
 * An empty table shaped like `product_variants`, for `joinFreshOffers`: the merge's transaction holds that one locked.
 * Called before it begins.
 */
export async function prepareFreshJoin(client: Client): Promise<void> {
  await client.query(`CREATE UNLOGGED TABLE ${S}.no_variant AS SELECT * FROM product_variants WITH NO DATA`);
}

/**
 * Gives the second connection what it may not read itself, since the transaction holds those tables locked. Called
 * in the transaction, before any product or identity is inserted.
 */
export async function relayKnown({ client, second }: MergeContext): Promise<void> {
  for (const { table, columns, rows } of KNOWN) {
    await second.query(`DROP TABLE IF EXISTS ${S}.${table}`);
    await second.query(`CREATE UNLOGGED TABLE ${S}.${table} (${columns})`);
    await relayRows({ source: client, rows, target: second, into: `${S}.${table}`, columns });
    await second.query(`ANALYZE ${S}.${table}`);
  }
}

/**
 * One process beside the one that writes what it finds. Of two it has to take the rows from both, which costs a third more CPU
 * and, on two cores, a third more time.
 */
const PARALLEL_WORKERS = 1;

/** What the identities and variants of an empty catalogue are computed from. */
export interface FreshRows {
  readonly prices: PriceMapping;
  readonly warehouses: StagedWarehouses;
  readonly ids: FreshIds;
}

/** Finds what the two below must know of all offers, on the connection outside the transaction. */
export async function lookThroughOffers(context: MergeContext): Promise<void> {
  const { second } = context;
  await second.query(`SET work_mem = '256MB'; SET enable_mergejoin = off; SET jit = off; SET lock_timeout = '30s';
    SET default_statistics_target = 10; SET max_parallel_workers_per_gather = ${PARALLEL_WORKERS}`);
  await makeDefaultOffers(second, { mode: context.mode, goods: GOODS_WITHOUT_OFFERS });
  for (const [table, text] of Object.entries({
    orphan_offers: `SELECT o.id FROM ${S}.offers o WHERE NOT EXISTS (SELECT 1 FROM ${S}.goods g WHERE g.id = o.good_id)
      AND NOT EXISTS (SELECT 1 FROM ${S}.known_products kp WHERE kp.onec_id = o.good_id)`,
    taken_skus: TAKEN_SKUS,
  })) {
    await remakeStaged(second, table, text);
    await second.query(`ANALYZE ${S}.${table}`);
  }
}

/**
 * Computes the variants and stock of an empty catalogue into `fresh_offers`, on the connection outside the transaction and
 * in parallel, which an INSERT never is. The transaction's own core is busy with products and identities meanwhile. It reads
 * staging only; a table that the transaction has locked would stop both for ever.
 */
export async function joinFreshOffers(context: MergeContext, rows: FreshRows): Promise<void> {
  await remakeStaged(context.second, 'fresh_offers', freshOffers(context, rows));
}

/** Adds the identities that the registry does not have yet, in the transaction. */
export async function addFreshIdentities(context: MergeContext, rows: FreshRows): Promise<void> {
  const { name } = variantColumns(context, rows.prices, rows.warehouses);
  context.counters.identitiesInserted += await run(
    context,
    `INSERT INTO sku_identities (id, onec_id, parent_onec_id, name, sku)
     SELECT ${rows.ids.identity} + o.ord, o.id, o.good_id, ${name}, ${SKU}
     FROM ${OFFERS_WITH_GOODS} WHERE k.id IS NULL AND ${HAS_GOOD}`,
  );
}

/** But for those of which no more is said than that they are deleted. */
const GOODS_WITHOUT_OFFERS = `SELECT g.* FROM ${S}.goods g WHERE NOT EXISTS (SELECT 1 FROM ${S}.offers o WHERE o.good_id = g.id)
  AND NOT (g.deleted AND g.name = g.id AND EXISTS (SELECT 1 FROM ${S}.known_products kp WHERE kp.onec_id = g.id))`;

/** The skus that several variants ask for. An identity of the registry asks for its own, a new one for its article. */
const TAKEN_SKUS = `SELECT sku FROM (
    SELECT k.sku FROM ${ALL_OFFERS} o JOIN ${S}.known_identities k ON k.onec_id = o.id WHERE k.sku <> ''
    UNION ALL
    SELECT o.article FROM ${ALL_OFFERS} o WHERE o.article <> ''
      AND NOT EXISTS (SELECT 1 FROM ${S}.orphan_offers x WHERE x.id = o.id)
      AND NOT EXISTS (SELECT 1 FROM ${S}.known_identities k WHERE k.onec_id = o.id AND k.sku <> '')) wanted
  GROUP BY sku HAVING count(*) > 1`;

const HAS_GOOD = '(g.id IS NOT NULL OR kp.id IS NOT NULL)';
const WANTED_SKU = 'coalesce(k.sku, o.article)';
const SKU = `CASE WHEN ${WANTED_SKU} <> '' AND t.sku IS NULL THEN ${WANTED_SKU} ELSE ${madeSku('o.id')} END`;
const OFFERS_WITH_GOODS = `${ALL_OFFERS} o
      LEFT JOIN ${S}.goods g ON g.id = o.good_id
      LEFT JOIN ${S}.known_products kp ON kp.onec_id = o.good_id
      LEFT JOIN ${S}.known_identities k ON k.onec_id = o.id
      LEFT JOIN ${S}.taken_skus t ON t.sku = ${WANTED_SKU}
      LEFT JOIN ${S}.no_variant v ON false`;

function freshOffers(context: MergeContext, { prices, warehouses, ids }: FreshRows): string {
  const columns = variantColumns(context, prices, warehouses);
  return `SELECT ${ids.variant} + o.ord AS id, o.id AS onec_id, coalesce(k.id, ${ids.identity} + o.ord) AS sku_identity_id,
      coalesce(kp.id, ${ids.product} + g.ord) AS product_id, ${SKU} AS sku, coalesce(k.quantity, 0) AS reserved_quantity,
      ${[
        ...JOINED_FIELDS.map((field) => `${columns[field]} AS ${field}`),
        ...freshStockColumns(warehouses),
      ].join(', ')}
    FROM ${OFFERS_WITH_GOODS}
    WHERE ${HAS_GOOD}`;
}
