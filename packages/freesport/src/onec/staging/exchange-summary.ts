import type { DeclaredPriceType } from '../names/price-role.ts';

/** Kinds of records whose section decides between "full" and "changes only". */
export type SectionedKind = 'group' | 'good' | 'offer' | 'price' | 'rest';

/** What a whole exchange held, known once it is read to its end. */
export interface ExchangeSummary {
  /** `ВерсияСхемы` of the first file, empty where absent. */
  readonly schema: string;
  /** Records by kind. */
  readonly records: Readonly<Record<string, number>>;
  readonly files: number;
  readonly bytes: number;
  /** SHA-256 over the names and sizes of the files and their dates of forming: tells repeated exchanges apart. */
  readonly exchangeKey: string;
  /**
   * For each kind: `full` where every section that holds such records says so (or says nothing, which means full),
   * `changes` where at least one says otherwise, undefined where there is no such record.
   */
  readonly coverage: Readonly<Partial<Record<SectionedKind, 'full' | 'changes'>>>;
  /** Price types by their number in staging; declared ones first-hand, used but undeclared ones named by their id. */
  readonly priceTypes: readonly (DeclaredPriceType & { readonly declared: boolean })[];
  /** Warehouse ids by their number in staging. */
  readonly warehouses: readonly string[];
  /** Ids of the property `Бренд`, where the exchange has it. */
  readonly brandPropertyIds: readonly string[];
  /** Warnings of the reader and of staging, by code. */
  readonly warnings: Readonly<Record<string, number>>;
}
