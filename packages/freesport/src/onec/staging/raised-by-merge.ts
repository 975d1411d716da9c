/**
 * Warnings that the merge raises itself with the whole catalogue in view, or that staging raises with the figure it
 * used instead: the reader's own are left out, or each defect would be counted twice.
 */
export const RAISED_BY_MERGE: ReadonlySet<string> = new Set([
  'orphan-offer',
  'good-without-offer',
  'unknown-offer-price',
  'unknown-offer-rest',
  'unknown-group',
  'unknown-price-type',
  'negative-stock',
  'fractional-stock',
]);
