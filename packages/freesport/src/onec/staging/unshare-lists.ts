import type { CommerceMlRecord, GoodRecord, OfferRecord } from 'commerceml';

const LISTS = ['properties', 'characteristics', 'images', 'groupIds', 'requisites'] as const;

/**
 * Gives every good and offer of a batch lists of its own. The reader hands out one empty list to a record without
 * entries and fills that same list for the next record, so that a good without pictures would show its neighbour's. The
 * last record that holds a list is the one it was filled for.
 *
 * @example for (const record of unshareLists(records)) stage(record);
 */
export function unshareLists(records: CommerceMlRecord[]): CommerceMlRecord[] {
  const owned = new Map<string, unknown>();
  for (let index = records.length - 1; index >= 0; index -= 1) {
    const record = records[index];
    if (record?.kind !== 'good' && record?.kind !== 'offer') continue;
    for (const name of LISTS) {
      const list = listOf(record, name);
      if (list === undefined) continue;
      if (list.length > 0 && owned.get(name) === list)
        records[index] = { ...(records[index] ?? record), [name]: [] };
      else owned.set(name, list);
    }
  }
  return records;
}

function listOf(
  record: GoodRecord | OfferRecord,
  name: (typeof LISTS)[number],
): readonly unknown[] | undefined {
  return name in record ? (record as unknown as Record<string, readonly unknown[]>)[name] : undefined;
}
