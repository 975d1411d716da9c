import { type ClassifiedFile, orderExchange, PHASES, type Phase, readExchangeBatches } from 'commerceml';
import type { DeclaredPriceType } from '../names/price-role.ts';
import type { PartStream, StageNumbering, StageRequest } from './stage-message.ts';

/** Phases that refer to goods and offers by key only and so can be read beside them, and beside each other. */
const FIGURE_PHASES: readonly Phase[] = ['prices', 'rests'];

/** Below this size a second thread costs more than it gives. */
const SECOND_READING_BYTES_MIN = 64 * 1024 * 1024;

/** Records of the second reading are numbered from here, above any of the first. */
const SECOND_FIRST_ORD = 1_000_000_000;

export interface ReadingSizes {
  /** Of the whole exchange. */
  readonly bytes: number;
  /** From which size of the figures' files on a second reading pays. */
  readonly bytesMin?: number | undefined;
}

/**
 * How an exchange is read: whole, or, where prices and rests have files of their own (3.1), in two readings at the same
 * time, one for each core: offers, prices, and rests in turns with the smaller of them. Both number price types and
 * warehouses alike, so their declarations are read first.
 *
 * @throws CommerceMlError where a file is broken before its first record.
 * @example const requests = await planReadings({ source, mode: 'full', ... }, { bytes });
 */
export async function planReadings(
  request: StageRequest,
  sizes: ReadingSizes,
): Promise<readonly StageRequest[]> {
  const { bytesMin = SECOND_READING_BYTES_MIN } = sizes;
  if (sizes.bytes < bytesMin) return [request];
  const files = await orderExchange(request.source);
  const sizeOf = (phases: readonly Phase[]): number =>
    files.filter(({ phase }) => phases.includes(phase)).reduce((sum, { file }) => sum + file.bytes, 0);
  if (sizeOf(FIGURE_PHASES) < bytesMin || files.every(({ phase }) => phase === files[0]?.phase)) {
    return [request];
  }
  const declared = await declarations(files);
  const numbering: StageNumbering = {
    priceTypes: unique([...declared.priceTypes, ...request.knownPriceTypes].map(({ id }) => id)),
    warehouses: unique([...declared.warehouses, ...request.knownWarehouses]),
  };
  const others = PHASES.filter((phase) => !FIGURE_PHASES.includes(phase));
  const offers: PartStream = { phases: others, part: 'offer_parts' };
  const prices: PartStream = { phases: ['prices'], part: 'price_parts' };
  const rests: PartStream = { phases: ['rests'], part: 'rest_parts' };
  const restsWithOffers = sizeOf(others) < sizeOf(['prices']);
  const knownPriceTypes = [...request.knownPriceTypes, ...declared.priceTypes];
  return [
    { ...request, numbering, streams: restsWithOffers ? [offers, rests] : [offers] },
    {
      ...request,
      numbering,
      streams: restsWithOffers ? [prices] : [prices, rests],
      firstOrd: SECOND_FIRST_ORD,
      knownPriceTypes,
    },
  ];
}

interface Declarations {
  readonly priceTypes: readonly DeclaredPriceType[];
  readonly warehouses: readonly string[];
}

async function declarations(files: readonly ClassifiedFile[]): Promise<Declarations> {
  const priceTypes = new Map<string, string>();
  const warehouses: string[] = [];
  const reference = files.filter(({ phase }) => phase === 'reference');
  if (reference.length === 0) return { priceTypes: [], warehouses };
  const batches = readExchangeBatches({ ordered: reference }, { crossChecks: false, valueWarnings: false });
  for await (const records of batches) {
    for (const record of records) {
      if (record.kind === 'priceType') priceTypes.set(record.id, record.name);
      else if (record.kind === 'warehouse') warehouses.push(record.id);
    }
  }
  return { priceTypes: [...priceTypes].map(([id, name]) => ({ id, name })), warehouses };
}

function unique(ids: readonly string[]): string[] {
  return [...new Set(ids)];
}
