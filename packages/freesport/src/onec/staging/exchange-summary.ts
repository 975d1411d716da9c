import type { DeclaredPriceType } from '../names/price-role.ts';
import { exchangeKey, type FileKeys } from './content-key.ts';

/** Kinds of records whose section decides between "full" and "changes only". */
export type SectionedKind = 'group' | 'good' | 'offer' | 'price' | 'rest';

/** A price type and its column in staging; undefined where its prices are in `price_extra`. */
export interface StagedType extends DeclaredPriceType {
  readonly declared: boolean;
  readonly column: number | undefined;
}

/** A warehouse and its column in staging; undefined where its figures are in `rest_extra`. */
export interface StagedPlace {
  readonly id: string;
  readonly column: number | undefined;
}

/** Staging tables whose keys should be there once and may not be. */
export type KeyedTable = 'offers' | 'figures';

/** How many rows a reading has staged, and how many of their keys it suspects of being repeated. */
export interface StagedKeys {
  readonly rows: number;
  readonly suspects: number;
}

/** Suspects kept a table; with more of them the whole table is looked through. */
export const SUSPECTS_MAX = 20_000;

/** What a whole exchange held, known once it is read to its end. */
export interface ExchangeSummary {
  /** `ВерсияСхемы` of the first file, empty where absent. */
  readonly schema: string;
  /** Records by kind. */
  readonly records: Readonly<Record<string, number>>;
  /** Number (`ord`) of the last good or offer; 0 where there is none. */
  readonly lastItemOrd: number;
  readonly files: number;
  readonly bytes: number;
  /** SHA-256 over the names, sizes and contents of the files: the same exchange has the same key. */
  readonly exchangeKey: string;
  /**
   * For each kind: `full` where every section that holds such records says so (or says nothing, which means full),
   * `changes` where at least one says otherwise, undefined where there is no such record.
   */
  readonly coverage: Readonly<Partial<Record<SectionedKind, 'full' | 'changes'>>>;
  /** Price types of the exchange in the order of declaration; used but undeclared ones are named by their id. */
  readonly priceTypes: readonly StagedType[];
  /** Warehouses that rests name. */
  readonly warehouses: readonly StagedPlace[];
  /** Ids of the property `Бренд`, where the exchange has it. */
  readonly brandPropertyIds: readonly string[];
  /**
   * Whether keys are repeated in a table: `no`, `suspects` (those in the staging table of that name and no others) or `unknown`,
   * where two readings have filled it, or where the suspects were too many to be kept.
   */
  readonly repeated: Readonly<Record<KeyedTable, 'no' | 'suspects' | 'unknown'>>;
  /** Warnings of the reader and of staging, by code. */
  readonly warnings: Readonly<Record<string, number>>;
}

/** What one reading of an exchange held: the whole of it, or some of its phases. */
export interface ReadingSummary extends Omit<ExchangeSummary, 'exchangeKey' | 'repeated'> {
  readonly keys: Readonly<Record<KeyedTable, StagedKeys>>;
  readonly fileKeys: FileKeys;
}

/**
 * The summary of an exchange from those of its readings.
 *
 * @param merged what was staged of what they found, besides what they staged themselves.
 * @example combineSummaries([goodsAndOffers, prices, rests], merge.counts)
 */
export function combineSummaries(
  readings: readonly ReadingSummary[],
  merged: ReadingSummary['keys'],
): ExchangeSummary {
  const records: Record<string, number> = {};
  const warnings: Record<string, number> = {};
  const coverage: Partial<Record<SectionedKind, 'full' | 'changes'>> = {};
  const types = new Map<string, StagedType>();
  const places = new Map<string, StagedPlace>();
  for (const reading of readings) {
    add(records, reading.records);
    add(warnings, reading.warnings);
    for (const [kind, said] of Object.entries(reading.coverage) as [SectionedKind, 'full' | 'changes'][]) {
      if (coverage[kind] !== 'changes') coverage[kind] = said;
    }
    for (const type of reading.priceTypes) {
      if (!types.has(type.id) || type.declared) types.set(type.id, type);
    }
    for (const place of reading.warehouses) places.set(place.id, place);
  }
  return {
    schema: readings.find(({ schema }) => schema !== '')?.schema ?? '',
    records,
    lastItemOrd: Math.max(0, ...readings.map(({ lastItemOrd }) => lastItemOrd)),
    warnings,
    coverage,
    files: sum(readings.map(({ files }) => files)),
    bytes: sum(readings.map(({ bytes }) => bytes)),
    exchangeKey: exchangeKey(Object.assign({}, ...readings.map(({ fileKeys }) => fileKeys)) as FileKeys),
    priceTypes: [...types.values()],
    warehouses: [...places.values()],
    brandPropertyIds: [...new Set(readings.flatMap(({ brandPropertyIds }) => brandPropertyIds))],
    repeated: {
      offers: repeatedIn([...readings.map(({ keys }) => keys.offers), merged.offers]),
      figures: repeatedIn([...readings.map(({ keys }) => keys.figures), merged.figures]),
    },
  };
}

function repeatedIn(staged: readonly StagedKeys[]): 'no' | 'suspects' | 'unknown' {
  const filled = staged.filter(({ rows }) => rows > 0);
  const suspects = sum(filled.map((keys) => keys.suspects));
  // A reading knows its own keys only.
  if (filled.length > 1 || suspects > SUSPECTS_MAX) return 'unknown';
  return suspects === 0 ? 'no' : 'suspects';
}

function add(total: Record<string, number>, more: Readonly<Record<string, number>>): void {
  for (const [key, count] of Object.entries(more)) total[key] = (total[key] ?? 0) + count;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
