/**
 * Changes of rows that were committed to one table. A row that is changed twice counts twice, one that was inserted and
 * is gone again counts as both: what was done, not what is left of it.
 */
export interface RowChanges {
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
  /** TRUNCATE statements that named the table: how many rows each took is in no log. */
  readonly emptied: number;
}

/** What was counted, or why nothing can be said: never 0 where nothing was measured. */
export type CountedChanges = RowChanges | { readonly unknown: string };

/** No change at all. */
export const NO_CHANGES: RowChanges = { inserted: 0, updated: 0, deleted: 0, emptied: 0 };

const FIELDS: Readonly<Record<string, keyof RowChanges>> = {
  I: 'inserted',
  U: 'updated',
  D: 'deleted',
  T: 'emptied',
};

/**
 * Adds `count` changes of a kind, told by its first letter as in the protocol of logical replication.
 *
 * @example withChanges(NO_CHANGES, { kind: 'U', count: 2 }).updated // 2
 */
export function withChanges(
  changes: RowChanges,
  { kind, count }: { readonly kind: string; readonly count: number },
): RowChanges {
  const field = FIELDS[kind];
  return field === undefined ? changes : { ...changes, [field]: changes[field] + count };
}

/**
 * Whether anything was changed.
 *
 * @example isUnchanged(NO_CHANGES) // true
 */
export function isUnchanged({ inserted, updated, deleted, emptied }: RowChanges): boolean {
  return inserted + updated + deleted + emptied === 0;
}

/**
 * In words, for messages.
 *
 * @example changesInWords({ inserted: 1, updated: 2, deleted: 0, emptied: 0 }) // "1 inserted, 2 updated"
 */
export function changesInWords(changes: RowChanges): string {
  return (
    Object.values(FIELDS)
      .filter((field) => changes[field] > 0)
      .map((field) => `${changes[field]} ${field}`)
      .join(', ') || 'nothing'
  );
}
