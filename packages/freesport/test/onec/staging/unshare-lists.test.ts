import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { OfferRecord } from 'commerceml';
import { unshareLists } from '../../../src/onec/staging/unshare-lists.ts';

describe('unshareLists', () => {
  it('leaves a list to the last record that holds it', () => {
    const shared = [{ name: 'Цвет', value: 'Синий' }];
    const offer = (id: string, characteristics: OfferRecord['characteristics']): OfferRecord => ({
      kind: 'offer',
      id,
      goodId: id,
      characteristicId: undefined,
      name: id,
      article: undefined,
      barcode: undefined,
      images: [],
      properties: [],
      characteristics,
      deleted: false,
      origin: { file: 'x', offset: 0 },
    });
    const records = unshareLists([
      offer('a', shared),
      offer('b', shared),
      offer('c', [...shared]),
    ]) as OfferRecord[];
    assert.deepEqual(
      records.map(({ characteristics }) => characteristics.length),
      [0, 1, 1],
    );
  });
});
