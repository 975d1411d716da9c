import type { ClientBase } from 'pg';
import { OPEN_ORDER_QUANTITIES } from '../../orders/sku-store.ts';
import { STAGING_SCHEMA as S } from '../staging/staging-schema.ts';
import { MaybeTable } from './maybe-table.ts';
import { type MergeContext, remakeStaged, run } from './merge-context.ts';
import type { PriceMapping } from './merge-price-types.ts';
import type { StagedWarehouses } from './merge-warehouses.ts';
import { relayRows } from './relay-rows.ts';
import type { FreshIds } from './reserve-fresh-ids.ts';
import { ALL_OFFERS, makeDefaultOffers } from './staged-keys.ts';
import { freshStockColumns, freshStockRows } from './stock-expression.ts';
import { madeSku, VARIANT_FIELDS, variantColumns } from './variant-columns.ts';

/** The columns of a fresh variant that come from offer, good, prices and rests alone. */
export const JOINED_FIELDS = VARIANT_FIELDS.filter((field) => field !== 'product_id');

/** What the catalogue already has of an empty one: whom orders know, and products that were not flushed. */
const KNOWN = {
  products: {
    columns: 'id int8, onec_id text',
    rows: 'SELECT id, onec_id FROM products WHERE onec_id IS NOT NULL',
  },
  identities: {
    columns: 'id int8, onec_id text, sku text, quantity int4',
    rows: `SELECT s.id, s.onec_id, s.sku, coalesce(open.quantity, 0)::int4 AS quantity FROM sku_identities s
      LEFT JOIN (${OPEN_ORDER_QUANTITIES}) open ON open.product_id = s.id WHERE s.onec_id IS NOT NULL`,
  },
} as const;

/** The staging table of what is known, or a row of nulls where it would be empty. */
export type KnownRows = Readonly<Record<keyof typeof KNOWN, MaybeTable>>;

/**
 * Gives the second connection what it may not read itself, since the transaction holds those tables locked. Called
 * in the transaction, before any product or identity is inserted.
 *
 * @param ready resolves when the second connection has nothing else to do; not waited for where nothing is known.
 */
export async function relayKnown(context: MergeContext, ready: Promise<void>): Promise<KnownRows> {
  return {
    products: await relay(context, 'products', ready),
    identities: await relay(context, 'identities', ready),
  };
}

async function relay(
  { client, second }: MergeContext,
  what: keyof typeof KNOWN,
  ready: Promise<void>,
): Promise<MaybeTable> {
  const { columns, rows } = KNOWN[what];
  const table = `known_${what}`;
  const into = `${S}.${table}`;
  const relayed = await relayRows({
    source: client,
    rows,
    target: async () => {
      await ready;
      await second.query(`DROP TABLE IF EXISTS ${into}`);
      await second.query(`CREATE UNLOGGED TABLE ${into} (${columns.replaceAll('text', 'text COLLATE "C"')})`);
      return second;
    },
    into,
    columns,
  });
  if (relayed === 0) return MaybeTable.empty(columns);
  await second.query(`ANALYZE ${into}`);
  return MaybeTable.there(table);
}

/** Columns of a variant, all of them null: in an empty catalogue no offer has one. */
export async function noVariant(client: ClientBase): Promise<MaybeTable> {
  const { rows } = await client.query<{ columns: string }>(
    `SELECT string_agg(format('%I %s', attname, atttypid::regtype), ', ') AS columns FROM pg_attribute
     WHERE attrelid = 'product_variants'::regclass AND attnum > 0 AND NOT attisdropped`,
  );
  return MaybeTable.empty(rows[0]?.columns ?? '');
}

/** One process beside the one that writes what it finds: the transaction has a core of its own. */
const PARALLEL_WORKERS = 1;

/** What the identities and variants of an empty catalogue are computed from. */
export interface FreshRows {
  readonly prices: PriceMapping;
  readonly warehouses: StagedWarehouses;
  readonly ids: FreshIds;
  readonly known: KnownRows;
  readonly noVariant: MaybeTable;
  /** Skus that are not given, because several variants ask for them. */
  readonly takenSkus: MaybeTable;
}

/** Finds what the two below must know of all offers, on the connection outside the transaction. */
export async function lookThroughOffers(
  { second, mode }: MergeContext,
  known: KnownRows,
): Promise<Pick<FreshRows, 'takenSkus'>> {
  await second.query(`SET work_mem = '256MB'; SET enable_mergejoin = off; SET jit = off; SET lock_timeout = '30s';
    SET default_statistics_target = 10; SET max_parallel_workers_per_gather = ${PARALLEL_WORKERS}`);
  await remakeStaged(second, 'offered_goods', `SELECT DISTINCT good_id FROM ${S}.offers`);
  await makeDefaultOffers(second, { mode, goods: goodsWithoutOffers(known) });
  await remakeStaged(second, 'orphan_offers', orphanOffers(known));
  await second.query(`ANALYZE ${S}.orphan_offers`);
  const taken = await remakeStaged(second, 'taken_skus', takenSkus(known));
  await second.query(`ANALYZE ${S}.taken_skus`);
  return { takenSkus: taken === 0 ? MaybeTable.empty('sku text') : MaybeTable.there('taken_skus') };
}

/**
 * Computes the variants of an empty catalogue into `fresh_offers`, on the connection outside the transaction. The
 * transaction's own core is busy with products and identities meanwhile. It reads staging only; a table that the transaction
 * has locked would stop both for ever.
 */
export async function joinFreshOffers(context: MergeContext, rows: FreshRows): Promise<void> {
  await remakeStaged(context.second, 'fresh_offers', freshOffers(context, rows));
}

/** Then computes their stock, into `fresh_stocks`. */
export async function computeFreshStocks(context: MergeContext, { warehouses }: FreshRows): Promise<void> {
  await remakeStaged(context.second, 'fresh_stocks', freshStockRows(warehouses));
}

/** Adds the identities that the registry does not have yet, in the transaction. */
export async function addFreshIdentities(context: MergeContext, rows: FreshRows): Promise<void> {
  const { name } = variantColumns(context, rows.prices, rows.warehouses);
  context.counters.identitiesInserted += await run(
    context,
    `INSERT INTO sku_identities (id, onec_id, parent_onec_id, name, sku)
     SELECT ${rows.ids.identity} + o.ord, o.id, o.good_id, ${name}, ${SKU}
     FROM ${offersWithGoods(rows)} WHERE k.id IS NULL AND ${HAS_GOOD}`,
  );
}

/** But for those of which no more is said than that they are deleted. */
function goodsWithoutOffers({ products }: KnownRows): string {
  return `SELECT g.* FROM ${S}.goods g WHERE NOT EXISTS (SELECT 1 FROM ${S}.offered_goods o WHERE o.good_id = g.id)
    AND NOT (g.deleted AND g.name = g.id AND ${products.has('kp', 'kp.onec_id = g.id')})`;
}

function orphanOffers({ products }: KnownRows): string {
  return `SELECT o.id FROM ${S}.offers o WHERE o.good_id IN (
    SELECT lost.good_id FROM ${S}.offered_goods lost WHERE NOT EXISTS (SELECT 1 FROM ${S}.goods g WHERE g.id = lost.good_id)
      AND NOT ${products.has('kp', 'kp.onec_id = lost.good_id')})`;
}

/** The skus that several variants ask for. An identity of the registry asks for its own, a new one for its article. */
function takenSkus({ identities }: KnownRows): string {
  return `SELECT sku FROM (
      SELECT ${WANTED_SKU} AS sku FROM ${ALL_OFFERS} o ${identities.leftJoin('k', `k.onec_id = o.id AND k.sku <> ''`)}
      WHERE ${WANTED_SKU} <> '' AND (k.id IS NOT NULL
        OR NOT EXISTS (SELECT 1 FROM ${S}.orphan_offers x WHERE x.id = o.id))) wanted
    GROUP BY sku HAVING count(*) > 1`;
}

const HAS_GOOD = '(g.id IS NOT NULL OR kp.id IS NOT NULL)';
const WANTED_SKU = 'coalesce(k.sku, o.article)';
const SKU = `CASE WHEN ${WANTED_SKU} <> '' AND t.sku IS NULL THEN ${WANTED_SKU} ELSE ${madeSku('o.id')} END`;

function offersWithGoods({ known, noVariant: none, takenSkus: taken }: FreshRows): string {
  return `${ALL_OFFERS} o
      LEFT JOIN ${S}.goods g ON g.id = o.good_id
      ${known.products.leftJoin('kp', 'kp.onec_id = o.good_id')}
      ${known.identities.leftJoin('k', 'k.onec_id = o.id')}
      ${taken.leftJoin('t', `t.sku = ${WANTED_SKU}`)}
      ${none.leftJoin('v', 'false')}`;
}

function freshOffers(context: MergeContext, rows: FreshRows): string {
  const { prices, warehouses, ids } = rows;
  const columns = variantColumns(context, prices, warehouses);
  return `SELECT ${ids.variant} + o.ord AS id, o.id AS onec_id, coalesce(k.id, ${ids.identity} + o.ord) AS sku_identity_id,
      coalesce(kp.id, ${ids.product} + g.ord) AS product_id, ${SKU} AS sku, coalesce(k.quantity, 0) AS reserved_quantity,
      ${[
        ...JOINED_FIELDS.map((field) => `${columns[field]} AS ${field}`),
        ...freshStockColumns(warehouses),
      ].join(', ')}
    FROM ${offersWithGoods(rows)}
    WHERE ${HAS_GOOD}`;
}
