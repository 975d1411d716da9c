/**
 * What an import may change.
 *
 * - `full`: everything, and what a *full* export no longer contains is deactivated;
 * - `changes`: everything that the exchange names, nothing is deactivated by absence;
 * - `prices`, `stock`: only these of variants that exist.
 */
export type ImportMode = 'full' | 'changes' | 'prices' | 'stock';

/** Every mode, in the order in which the command's help names them. */
export const IMPORT_MODES: readonly ImportMode[] = ['full', 'changes', 'prices', 'stock'];
