import type { GoodRecord, OfferRecord } from '../records.ts';
import type { DataWarnings } from './data-warnings.ts';
import type { ItemBuilder } from './item-builder.ts';

/** The record of a collected `Товар`. */
export function goodRecord(item: ItemBuilder): GoodRecord {
  const { origin, id, makerId, makerName } = item;
  return {
    kind: 'good',
    origin,
    id,
    name: item.name ?? '',
    article: filled(item.article),
    barcode: filled(item.barcode),
    description: filled(item.description),
    groupIds: item.groupIds,
    images: item.images,
    manufacturer:
      makerName === undefined && makerId === undefined
        ? undefined
        : { id: filled(makerId), name: makerName ?? '' },
    unit: filled(item.unit),
    vat: filled(item.vat),
    properties: item.properties,
    requisites: item.requisites,
    characteristics: item.characteristics,
    deleted: item.deleted,
  };
}

/** The record of a collected `Предложение`. */
export function offerRecord(item: ItemBuilder): OfferRecord {
  const { origin, id } = item;
  const hash = id.indexOf('#');
  return {
    kind: 'offer',
    origin,
    id,
    goodId: hash === -1 ? id : id.slice(0, hash),
    characteristicId: hash === -1 ? undefined : id.slice(hash + 1),
    name: item.name ?? '',
    article: filled(item.article),
    barcode: filled(item.barcode),
    images: item.images,
    properties: item.properties,
    characteristics: item.characteristics,
    deleted: item.deleted,
  };
}

/** Reports the defects of an item's texts. */
export function checkItemTexts(item: ItemBuilder, warnings: DataWarnings): void {
  const { origin, id, name } = item;
  if (name === undefined || name.trim() === '') {
    // A deleted object is often only its id and its mark.
    if (!item.deleted) warnings.add('missing-name', origin, 'no Наименование: kept without a name', id);
  } else {
    warnings.padded(name, 'the name', origin, id);
    warnings.html(name, 'the name', origin, id);
  }
  if (item.article !== undefined) warnings.padded(item.article, 'the article', origin, id);
  if (item.unit !== undefined) warnings.padded(item.unit, 'the unit', origin, id);
  if (item.description !== undefined) warnings.html(item.description, 'the description', origin, id);
  if (!warnings.details) return;
  for (const ref of item.properties) warnings.marker(ref.value, `the property ${ref.id}`, origin, id);
}

/** An empty element says the same as an absent one. */
function filled(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text;
}
