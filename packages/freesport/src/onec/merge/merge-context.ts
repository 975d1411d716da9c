import type { Client, ClientBase } from 'pg';
import type { ImportMode } from '../import-mode.ts';
import type { ExchangeSummary } from '../staging/exchange-summary.ts';
import { STAGING_SCHEMA } from '../staging/staging-schema.ts';
import type { FreshIds } from './reserve-fresh-ids.ts';

/** What every part of the merge gets: the connection of its one transaction and what is known of the exchange. */
export interface MergeContext {
  readonly client: ClientBase;
  /** Another connection, outside the transaction, for reading staging at the same time. */
  readonly second: Client;
  readonly mode: ImportMode;
  readonly summary: ExchangeSummary;
  /**
   * Whether the catalogue holds no variant yet: then indexes and foreign keys of the big tables are built after the
   * rows instead of with each of them.
   */
  readonly fresh: boolean;
  /** Where the ids of goods and offers begin; only for an empty catalogue. */
  readonly freshIds?: FreshIds | undefined;
  readonly counters: MergeCounters;
}

/** Rows by what happened to them; a repeated import leaves all of them at 0 except `unchanged`. */
export interface MergeCounters {
  categories: number;
  brands: number;
  productsInserted: number;
  productsUpdated: number;
  variantsInserted: number;
  variantsUpdated: number;
  identitiesInserted: number;
  stockRows: number;
  priceRows: number;
  propertyRows: number;
  defaultVariantsRemoved: number;
  deactivated: number;
}

/** All zero, for the start of a merge. */
export function noCounters(): MergeCounters {
  return {
    categories: 0,
    brands: 0,
    productsInserted: 0,
    productsUpdated: 0,
    variantsInserted: 0,
    variantsUpdated: 0,
    identitiesInserted: 0,
    stockRows: 0,
    priceRows: 0,
    propertyRows: 0,
    defaultVariantsRemoved: 0,
    deactivated: 0,
  };
}

/**
 * Runs one statement of the merge and says how many rows it touched.
 *
 * @example
 * context.counters.brands += await run(context, 'INSERT ...');
 */
export async function run(
  context: Pick<MergeContext, 'client'>,
  text: string,
  values: readonly unknown[] = [],
): Promise<number> {
  const result = await context.client.query(text, [...values]);
  return result.rowCount ?? 0;
}

/**
 * Fills a staging table with the rows of a query. It may be there already: a merge that PostgreSQL ended as one side of a
 * deadlock is tried again. CREATE TABLE AS, because INSERT … SELECT is never parallel. Returns how many rows there are.
 */
export async function remakeStaged(client: Client, table: string, rows: string): Promise<number> {
  await client.query(`DROP TABLE IF EXISTS ${STAGING_SCHEMA}.${table}`);
  const made = await client.query(`CREATE UNLOGGED TABLE ${STAGING_SCHEMA}.${table} AS ${rows}`);
  return made.rowCount ?? 0;
}
