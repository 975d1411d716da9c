import type { Client } from 'pg';
import type { ImportMode } from '../import-mode.ts';
import { catalogueVersion } from '../session/catalogue-version.ts';
import type { SessionDetails } from '../session/find-earlier-import.ts';
import { takeMergeLock } from '../session/import-lock.ts';
import { completeSession, keepWarnings } from '../session/import-session.ts';
import type { ExchangeSummary } from '../staging/exchange-summary.ts';
import { STAGING_SCHEMA } from '../staging/staging-schema.ts';
import { dropIndexes } from './bulk-load.ts';
import { deactivateAbsent } from './deactivate-absent.ts';
import { lookThroughStaging, SOLD_FRESH, warnOfFindings } from './fresh-findings.ts';
import {
  addFreshIdentities,
  computeFreshStocks,
  type FreshRows,
  joinFreshOffers,
  lookThroughOffers,
  noVariant,
  relayKnown,
} from './join-fresh-offers.ts';
import { loadFreshStocks, loadFreshVariants } from './load-fresh-variants.ts';
import { mergeBrands } from './merge-brands.ts';
import { mergeCategories } from './merge-categories.ts';
import { type MergeContext, type MergeCounters, noCounters } from './merge-context.ts';
import { mergeOtherPrices } from './merge-other-prices.ts';
import { mergePriceTypes } from './merge-price-types.ts';
import { decideActivity, mergeProducts } from './merge-products.ts';
import { mergeProductProperties, mergePropertyDictionaries } from './merge-properties.ts';
import { mergeStocks } from './merge-stocks.ts';
import { mergeVariants, removeReplacedDefaults } from './merge-variants.ts';
import { mergeWarehouses } from './merge-warehouses.ts';
import { reportUnmappedColors } from './report-unmapped-colors.ts';
import { reserveFreshIds } from './reserve-fresh-ids.ts';

/** What a merge did. */
export interface MergeResult {
  readonly counters: MergeCounters;
  /** Staged keys by what became of them. */
  readonly products: number;
  readonly variants: number;
  readonly defaultVariants: number;
  readonly skippedOrphans: number;
  readonly warnings: Readonly<Record<string, number>>;
  readonly warningCount: number;
  readonly report: string;
}

export interface MergeOptions {
  readonly client: Client;
  /** Another connection; see `MergeContext.second`. */
  readonly second: Client;
  /** Resolves when offers, prices and rests have no duplicates any more; `second` is free from then on. */
  readonly offersReady: Promise<void>;
  readonly mode: ImportMode;
  readonly summary: ExchangeSummary;
  readonly sessionId: number;
  /** Size of the exchange on disk. */
  readonly bytes: number;
  readonly onStep: (step: string) => void;
}

/** Ids of an empty catalogue are computed from record numbers up to here; those of a second reading begin above. */
const FRESH_ORD_MAX = 1_000_000_000;
/** A merge waits this long for a row or table that someone else holds, and then gives up whole. */
const LOCK_TIMEOUT = '30s';
/** A million keys of 73 bytes hash in one batch. */
const WORK_MEM = '256MB';

/**
 * Makes the staged exchange the catalogue, in one transaction: readers see the old catalogue or the new one. The
 * session is completed by its last statement.
 *
 * @throws DatabaseError of pg; nothing is changed then.
 * @example const result = await mergeCatalogue({ client, mode: 'full', summary, sessionId, onStep: () => {} });
 */
export async function mergeCatalogue(options: MergeOptions): Promise<MergeResult> {
  const { client } = options;
  const beside: Promise<unknown>[] = [];
  await client.query('BEGIN');
  try {
    const result = await merge(options, beside);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    // A lost connection has rolled back by itself; the first error is the one that explains.
    await client.query('ROLLBACK').catch(() => undefined);
    // Another attempt must not meet what the second connection still does for this one.
    await Promise.allSettled(beside);
    throw error;
  }
}

/** @param beside takes what goes on outside the transaction. */
async function merge(options: MergeOptions, beside: Promise<unknown>[]): Promise<MergeResult> {
  const { client, mode, summary, sessionId, onStep } = options;
  for (const [name, value] of [
    ['lock_timeout', LOCK_TIMEOUT],
    ['work_mem', WORK_MEM],
    // Plans of statements that run once: compiling them costs more than it gives.
    ['jit', 'off'],
    // A hash join of a million ids takes a second, sorting both sides for a merge join six; freshly filled tables
    // have no statistics yet and make the planner think otherwise.
    ['enable_mergejoin', 'off'],
    // The merge only joins on unique ids: a sample of 3,000 rows tells the planner that, 30,000 take ten times as long.
    ['default_statistics_target', '10'],
  ]) {
    await client.query(`SET LOCAL ${name} = '${value}'`);
  }
  await takeMergeLock(client);
  const fresh = summary.lastItemOrd <= FRESH_ORD_MAX && (await isFresh(client));
  const rebuild = fresh ? await dropIndexes(client, { rows: summary.lastItemOrd }) : undefined;
  const freshIds = fresh ? await reserveFreshIds(client, summary.lastItemOrd) : undefined;
  const context: MergeContext = {
    client,
    second: options.second,
    mode,
    summary,
    fresh,
    freshIds,
    counters: noCounters(),
  };
  const step = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    onStep(name);
    return await work();
  };
  const prices = await step('price types', async () => await mergePriceTypes(context));
  const warehouses = await step('warehouses', async () => await mergeWarehouses(context));
  await step('categories', async () => await mergeCategories(context));
  await step('brands', async () => await mergeBrands(context));
  const freshLoad =
    freshIds === undefined
      ? undefined
      : await startFreshLoad(context, options, { prices, warehouses, ids: freshIds });
  if (freshLoad !== undefined) beside.push(freshLoad.lookedThrough);
  await step('products', async () => await mergeProducts(context));
  await step('properties', async () => {
    await mergePropertyDictionaries(context);
    await mergeProductProperties(context);
  });
  if (freshLoad === undefined) {
    await step('variants', async () => {
      await options.offersReady;
      await mergeVariants(context, prices, warehouses);
    });
    await step('stock', async () => await mergeStocks(context, warehouses));
  } else {
    await step('identities', freshLoad.addIdentities);
    await step('variants', async () => {
      await freshLoad.joined;
      await loadFreshVariants(context);
    });
    await step('stock', async () => {
      await freshLoad.stocked;
      await loadFreshStocks(context);
    });
  }
  await step('other prices', async () => await mergeOtherPrices(context, prices));
  const absence = await step('absence', async () => {
    const note = await deactivateAbsent(context);
    if (!context.fresh) await removeReplacedDefaults(context);
    return note;
  });
  if (rebuild !== undefined) await step('indexes', rebuild);
  await freshLoad?.lookedThrough;
  await step('activity', async () => await decideActivity(context, fresh ? SOLD_FRESH : undefined));
  await (fresh ? warnOfFindings(context) : reportUnmappedColors(context));
  return await step(
    'session',
    async () => await finish(context, { sessionId, absence, bytes: options.bytes }),
  );
}

/** What the second connection does while the transaction has other work. */
interface FreshLoad {
  /** Adds the identities, as soon as it is known which. */
  readonly addIdentities: () => Promise<void>;
  /** `fresh_offers` is complete. */
  readonly joined: Promise<void>;
  /** `fresh_stocks` is complete. */
  readonly stocked: Promise<void>;
  /** The findings are complete, and the second connection has nothing else to do. */
  readonly lookedThrough: Promise<void>;
}

/** Starts the second connection on the rows of an empty catalogue. */
async function startFreshLoad(
  context: MergeContext,
  { offersReady }: MergeOptions,
  figures: Pick<FreshRows, 'prices' | 'warehouses' | 'ids'>,
): Promise<FreshLoad> {
  const known = await relayKnown(context, offersReady);
  const nulls = await noVariant(context.client);
  const found = quietly(
    offersReady.then(async (): Promise<FreshRows> => {
      const findings = await lookThroughOffers(context, known);
      return { ...figures, known, noVariant: nulls, ...findings };
    }),
  );
  const joined = quietly(found.then(async (rows) => await joinFreshOffers(context, rows)));
  const stocked = quietly(joined.then(async () => await computeFreshStocks(context, await found)));
  const lookedThrough = quietly(stocked.then(async () => await lookThroughStaging(context.second)));
  return {
    addIdentities: async () => await addFreshIdentities(context, await found),
    joined,
    stocked,
    lookedThrough,
  };
}

/** If the transaction fails first, its error is the one to tell. */
function quietly<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  return work;
}

async function isFresh(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ fresh: boolean }>(
    `SELECT NOT EXISTS (SELECT 1 FROM product_variants) AND NOT EXISTS (SELECT 1 FROM product_properties)
       AND NOT EXISTS (SELECT 1 FROM variant_stocks) AS fresh`,
  );
  return rows[0]?.fresh === true;
}

async function finish(
  context: MergeContext,
  options: { readonly sessionId: number; readonly absence: string; readonly bytes: number },
): Promise<MergeResult> {
  const { client, summary, counters } = context;
  const counted = await client.query<{ code: string; count: number }>(
    `SELECT code, count(*)::int AS count FROM ${STAGING_SCHEMA}.warnings GROUP BY code`,
  );
  const warnings: Record<string, number> = { ...summary.warnings };
  for (const { code, count } of counted.rows) warnings[code] = Math.max(warnings[code] ?? 0, count);
  await keepWarnings(client, options.sessionId, STAGING_SCHEMA);
  const warningCount = Object.values(warnings).reduce((sum, count) => sum + count, 0);
  const skippedOrphans = warnings['orphan-offer'] ?? 0;
  const { rows } = await client.query<{ goods: number; offers: number; defaults: number }>(
    `SELECT (SELECT count(*)::int FROM ${STAGING_SCHEMA}.good_products) AS goods,
       (SELECT count(*)::int FROM ${STAGING_SCHEMA}.offers) AS offers,
       (SELECT count(*)::int FROM ${STAGING_SCHEMA}.default_offers) AS defaults`,
  );
  const staged = rows[0] ?? { goods: 0, offers: 0, defaults: 0 };
  const result: MergeResult = {
    counters,
    products: staged.goods,
    variants: staged.offers - skippedOrphans + staged.defaults,
    defaultVariants: staged.defaults,
    skippedOrphans,
    warnings,
    warningCount,
    report: options.absence,
  };
  await completeSession(client, options.sessionId, {
    report: options.absence,
    details: {
      ...result,
      records: summary.records,
      bytes: options.bytes,
      catalogueVersion: await catalogueVersion(client),
    } satisfies SessionDetails,
    schema: summary.schema,
    digest: summary.exchangeKey,
    warningCount,
  });
  return result;
}
