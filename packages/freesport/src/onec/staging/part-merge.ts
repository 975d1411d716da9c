import type { ChunkWriter, StagingChunk } from './chunk-writer.ts';
import type { KeyedTable, StagedKeys } from './exchange-summary.ts';
import { PartRows } from './part-rows.ts';
import { AHEAD_BYTES_MAX } from './reading-room.ts';
import { StagedKeyCounts } from './staged-keys.ts';
import { NO_PRICES, NO_RESTS, PART_TABLES, type PartTable, type StagingTableName } from './staging-schema.ts';

/** How much is done to bring the parts of a key together. */
export interface PartMergeLimits {
  /** How far it is looked for the prices and rests of an offer: past those of goods without offers, mostly. */
  readonly lookAheadRows: number;
  /** Keys in a row without prices (or rests) after which it is no longer looked for any: the files are in different orders. */
  readonly missesMax: number;
}

/** Of a part; below what a reading may be ahead in one, or it would wait for this as this for it. */
const HELD_BYTES_MAX = AHEAD_BYTES_MAX / 2;

const LIMITS: PartMergeLimits = { lookAheadRows: 1024, missesMax: 20_000 };

export interface PartMergeOptions {
  readonly writer: ChunkWriter<StagingTableName>;
  /** Parts that may come; nothing waits for the others. */
  readonly expected: readonly PartTable[];
  readonly limits?: PartMergeLimits | undefined;
}

/**
 * Makes one staged row a key of offers, prices and rests, which 3.1 has in files of their own, in one order mostly. Three rows a
 * key cost the database two joins of a million each, and the key of 73 characters twice more. What does not meet on the way
 * (extra keys, files in different orders) goes to `figures`, and the merge finds its offer. Bytes in, bytes out; it holds what was
 * added and not yet used, so whoever adds waits for `taken` (see `ReadingRoom`).
 *
 * @example
 * const merge = new PartMerge({ writer, expected: ['offer_parts', 'price_parts'] });
 * merge.add(chunk, () => give(chunk));
 * merge.end('offer_parts');
 */
export class PartMerge {
  readonly #writer: ChunkWriter<StagingTableName>;
  readonly #limits: PartMergeLimits;
  readonly #keys: StagedKeyCounts;
  readonly #parts: Readonly<Record<PartTable, PartRows>> = {
    offer_parts: new PartRows(),
    price_parts: new PartRows(),
    rest_parts: new PartRows(),
  };

  constructor({ writer, expected, limits = LIMITS }: PartMergeOptions) {
    this.#writer = writer;
    this.#limits = limits;
    this.#keys = new StagedKeyCounts((table, key) => {
      // A key of bytes is COPY text already.
      writer.addBytes('suspects', Buffer.from(`${table}\t${key}\n`));
      writer.endRow('suspects');
    });
    for (const part of PART_TABLES) this.#parts[part].ended = !expected.includes(part);
  }

  /** Rows staged of `figures`, and how many of their keys are suspected of being there twice. */
  get counts(): Readonly<Record<KeyedTable, StagedKeys>> {
    return this.#keys.counts;
  }

  /** Takes rows of a part and writes what they complete. `taken` is called when all of them are used. */
  add(chunk: StagingChunk<PartTable>, taken: () => void): void {
    this.#parts[chunk.table].add(chunk, taken);
    this.#run();
  }

  /** Says that no more rows of a part will come. */
  end(part: PartTable): void {
    this.#parts[part].ended = true;
    this.#run();
  }

  #run(): void {
    const { offer_parts: offers, price_parts: prices, rest_parts: rests } = this.#parts;
    while (offers.waiting > 0) {
      offers.at(0);
      const price = find(prices, offers, this.#limits);
      if (price === UNDECIDED) break;
      const rest = find(rests, offers, this.#limits);
      if (rest === UNDECIDED) break;
      this.#writeFigures(Math.max(price, 0), Math.max(rest, 0));
      this.#writeOffer(price !== NONE, rest !== NONE);
    }
    const { missesMax } = this.#limits;
    if (offers.ended && offers.waiting === 0) this.#runWithoutOffers();
    else {
      // Of these it is not looked for an offer any more.
      this.#writeFigures(
        prices.misses > missesMax ? prices.waiting : 0,
        rests.misses > missesMax ? rests.waiting : 0,
      );
    }
  }

  /** Prices and rests of a key belong together also where nobody offers it: an exchange of changes may hold nothing else. */
  #runWithoutOffers(): void {
    const { price_parts: prices, rest_parts: rests } = this.#parts;
    while (prices.waiting > 0) {
      prices.at(0);
      const rest = find(rests, prices, this.#limits);
      if (rest === UNDECIDED) return;
      this.#writeFigures(0, Math.max(rest, 0));
      this.#writeFigures(1, rest === NONE ? 0 : 1);
    }
    if (prices.ended) this.#writeFigures(0, rests.waiting);
  }

  #writeOffer(priced: boolean, counted: boolean): void {
    const { offer_parts: offers, price_parts: prices, rest_parts: rests } = this.#parts;
    offers.at(0);
    this.#writer.addBytes('offers', offers.bytes, offers.start, offers.end - 1);
    offers.next();
    this.#writeColumns('offers', priced ? prices : undefined, counted ? rests : undefined);
  }

  /** Writes the first rows of prices and rests without an offer. */
  #writeFigures(priceRows: number, restRows: number): void {
    const { price_parts: prices, rest_parts: rests } = this.#parts;
    let pricesLeft = priceRows;
    let restsLeft = restRows;
    while (pricesLeft > 0 || restsLeft > 0) {
      if (pricesLeft > 0) prices.at(0);
      if (restsLeft > 0) rests.at(0);
      const priced = pricesLeft > 0;
      const counted = restsLeft > 0 && (!priced || rests.hasKeyOf(prices));
      const { bytes, start } = priced ? prices : rests;
      const keyEnd = (priced ? prices : rests).keyEnd();
      this.#keys.add('figures', bytes.toString('utf8', start, keyEnd));
      this.#writer.addBytes('figures', bytes, start, keyEnd);
      this.#writeColumns('figures', priced ? prices : undefined, counted ? rests : undefined);
      if (priced) pricesLeft -= 1;
      if (counted) restsLeft -= 1;
    }
  }

  /** Completes a row with the columns of the first prices and rests, and drops those. */
  #writeColumns(table: KeyedTable, prices: PartRows | undefined, rests: PartRows | undefined): void {
    if (prices === undefined) this.#writer.addBytes(table, WITHOUT_PRICES);
    else {
      prices.at(0);
      this.#writer.addBytes(table, prices.bytes, prices.keyEnd(), prices.end - 1);
      prices.next();
    }
    if (rests === undefined) this.#writer.addBytes(table, WITHOUT_RESTS);
    else {
      rests.at(0);
      this.#writer.addBytes(table, rests.bytes, rests.keyEnd(), rests.end);
      rests.next();
    }
    this.#writer.endRow(table);
  }
}

const WITHOUT_PRICES = Buffer.from('\t\\N'.repeat(NO_PRICES.length));
const WITHOUT_RESTS = Buffer.from(`${'\t\\N'.repeat(NO_RESTS.length)}\n`);

const NONE = -1;
/** More rows are needed to tell. */
const UNDECIDED = -2;

/** How far ahead the row with a wanted key is. */
function find(rows: PartRows, wanted: PartRows, { lookAheadRows, missesMax }: PartMergeLimits): number {
  if (rows.misses > missesMax) return NONE;
  const ahead = Math.min(rows.waiting, lookAheadRows);
  for (let row = 0; row < ahead; row += 1) {
    rows.at(row);
    if (!rows.hasKeyOf(wanted)) continue;
    rows.misses = 0;
    return row;
  }
  if (!rows.ended && rows.waiting < lookAheadRows && rows.heldBytes < HELD_BYTES_MAX) return UNDECIDED;
  rows.misses += 1;
  return NONE;
}
