import {
  type CommerceMlRecord,
  type GoodRecord,
  type OfferRecord,
  PropertyDictionary,
  variantAttributes,
} from 'commerceml';
import type { StagedAttributes } from './record-stager.ts';

/** Finds colour and size with what the dictionaries of the exchange say. */
export interface RecordAttributes {
  /** Takes in dictionary records; others are ignored. */
  readonly see: (record: CommerceMlRecord) => void;
  readonly of: (record: GoodRecord | OfferRecord) => StagedAttributes;
}

/**
 * Colour and size of goods and offers by the rules of `variantAttributes`. A good lends them to its offers and its
 * default variant where those have none of their own: exports of 3.1 keep the colour with the good, classic ones the
 * characteristics. A size in the name of a good is not taken: `Бутсы (многошиповые)` is none.
 *
 * @example
 * const attributes = recordAttributes(['Синий']);
 * attributes.of(offer); // { color: 'Синий', size: '35' }
 */
export function recordAttributes(knownColors: readonly string[]): RecordAttributes {
  const properties = new PropertyDictionary();
  return {
    see: (record) => {
      if (record.kind === 'property' || record.kind === 'propertyValue') properties.add(record);
    },
    of: (record) => {
      const found = variantAttributes({ offer: record, properties, knownColors });
      const nameOnly = record.kind === 'good' && found.sizeSource === 'name';
      return { color: found.color ?? '', size: nameOnly ? '' : (found.size ?? '') };
    },
  };
}
