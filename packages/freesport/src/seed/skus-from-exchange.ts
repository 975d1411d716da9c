import { createHash } from 'node:crypto';
import { type GoodRecord, type OfferRecord, readExchangeBatches } from 'commerceml';
import type {
  LegacyCatalogueData,
  LegacyCategory,
  LegacyPrices,
  LegacyPriceType,
  LegacySku,
} from './legacy-sku.ts';

/** One in so many SKUs is one that 1C has forgotten and orders still name. */
const FORGOTTEN_ONE_IN = 100;

interface Collected {
  readonly categories: LegacyCategory[];
  readonly priceTypes: Map<string, LegacyPriceType>;
  readonly goods: Map<string, GoodRecord>;
  readonly offers: Map<string, OfferRecord>;
  readonly prices: Map<string, Map<string, string>>;
  readonly stock: Map<string, number>;
}

/**
 * The catalogue that 13.3 would hold of an exchange: one SKU an offer, one for a good without offers, and 1 % more that
 * 1C no longer knows. Deleted goods and offers are left out.
 *
 * @throws CommerceMlError where the exchange cannot be read.
 * @example
 * const { skus } = await skusFromExchange('/var/1c/exchange');
 */
export async function skusFromExchange(directory: string): Promise<LegacyCatalogueData> {
  const collected = await collect(directory);
  const skus: LegacySku[] = [];
  const withOffers = new Set<string>();
  for (const offer of collected.offers.values()) {
    const good = collected.goods.get(offer.goodId);
    if (good === undefined || good.deleted || offer.deleted) continue;
    withOffers.add(good.id);
    skus.push(legacySku(collected, good, offer));
  }
  for (const good of collected.goods.values()) {
    if (!good.deleted && !withOffers.has(good.id)) skus.push(legacySku(collected, good, undefined));
  }
  const forgotten = skus.filter((_sku, index) => index % FORGOTTEN_ONE_IN === 0).map(forgottenSku);
  return {
    categories: collected.categories,
    priceTypes: [...collected.priceTypes.values()],
    skus: [...skus, ...forgotten],
  };
}

async function collect(directory: string): Promise<Collected> {
  const found: Collected = {
    categories: [],
    priceTypes: new Map(),
    goods: new Map(),
    offers: new Map(),
    prices: new Map(),
    stock: new Map(),
  };
  for await (const batch of readExchangeBatches(directory, { valueWarnings: false, crossChecks: false })) {
    for (const record of batch) {
      if (record.kind === 'group' && !record.deleted) {
        found.categories.push({ onecId: record.id, parentOnecId: record.parentId, name: record.name.trim() });
      } else if (record.kind === 'priceType') {
        found.priceTypes.set(record.id, {
          onecId: record.id,
          name: record.name,
          field: priceField(record.name),
        });
      } else if (record.kind === 'good') {
        found.goods.set(record.id, record);
      } else if (record.kind === 'offer') {
        found.offers.set(record.id, record);
      } else if (record.kind === 'price') {
        const prices = found.prices.get(record.offerId) ?? new Map<string, string>();
        found.prices.set(record.offerId, prices.set(record.priceTypeId, record.amount));
      } else if (record.kind === 'rest') {
        const quantity = Math.max(0, Math.trunc(Number(record.quantity)));
        found.stock.set(record.offerId, (found.stock.get(record.offerId) ?? 0) + quantity);
      }
    }
  }
  return found;
}

/** Words of a price type's name, as 13.3 read them: whatever is not recognised is retail. */
function priceField(name: string): keyof LegacyPrices {
  const text = name.toLowerCase();
  if (/опт\D*1/.test(text)) return 'opt1_price';
  if (/опт\D*2/.test(text)) return 'opt2_price';
  if (/опт\D*3/.test(text)) return 'opt3_price';
  if (text.includes('тренер')) return 'trainer_price';
  if (text.includes('федерац')) return 'federation_price';
  if (text.includes('ррц') || text.includes('рекоменд')) return 'recommended_retail_price';
  if (text.includes('мрц')) return 'max_suggested_retail_price';
  return 'retail_price';
}

function legacySku(found: Collected, good: GoodRecord, offer: OfferRecord | undefined): LegacySku {
  const onecId = offer?.id ?? good.id;
  const prices: LegacyPrices = { retail_price: '0' };
  for (const [typeId, amount] of found.prices.get(onecId) ?? []) {
    const field = found.priceTypes.get(typeId)?.field ?? 'retail_price';
    prices[field] = amount;
  }
  return {
    onecId,
    parentOnecId: offer === undefined ? undefined : good.id,
    name: (offer?.name ?? good.name).trim() || good.name.trim() || onecId,
    sku: (offer?.article ?? good.article ?? '').trim(),
    description: good.description ?? '',
    brand: good.manufacturer?.name.trim() || undefined,
    categoryOnecId: good.groupIds[0],
    images: [...(offer?.images ?? []), ...good.images],
    prices,
    stock: found.stock.get(onecId) ?? 0,
  };
}

function forgottenSku(sku: LegacySku): LegacySku {
  const hex = createHash('md5').update(`forgotten ${sku.onecId}`).digest('hex');
  const id = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  return {
    ...sku,
    onecId: id,
    parentOnecId: undefined,
    sku: '',
    name: `${sku.name} (снят с производства)`,
    stock: 0,
  };
}
