import type { ExchangeSummary } from './inspect-exchange.ts';

/**
 * The summary as a table for people: label, number, one a line; then the warnings by number.
 *
 * @example formatSummary(await inspectExchange(dir))
 */
export function formatSummary(summary: ExchangeSummary): string {
  const rows: [string, string | number][] = [
    ['schema', summary.schema],
    ['export', summary.full ? 'full' : 'changes only'],
    ['files', summary.files],
    ['groups', summary.groups],
    ['properties / dictionary values', `${summary.properties} / ${summary.propertyValues}`],
    ['price types', summary.priceTypes],
    ['warehouses', summary.warehouses],
    ['units', summary.units],
    ['goods', summary.goods],
    ['  deleted', summary.goodsDeleted],
    ['  without an offer', summary.goodsWithoutOffer],
    ['offers', summary.offers],
    ['  with a characteristic', summary.offersWithCharacteristic],
    ['  orphaned', summary.offersOrphaned],
    ['prices', summary.prices],
    ['  sum', summary.pricesSum],
    ['  inside goods', summary.pricesInGoods],
    ['rests', summary.rests],
    ['  stock in all', summary.stockTotal],
  ];
  const warnings = Object.entries(summary.warnings).sort(([, a], [, b]) => (b ?? 0) - (a ?? 0));
  const width =
    Math.max(...rows.map(([label]) => label.length), ...warnings.map(([code]) => code.length + 2)) + 2;
  const line = ([label, value]: readonly [string, string | number | undefined]): string =>
    `${label.padEnd(width)}${value ?? ''}`;
  const defects =
    warnings.length === 0
      ? ['no defects found']
      : ['defects', ...warnings.map(([code, n]) => line([`  ${code}`, n]))];
  return [...rows.map(line), ...defects].join('\n');
}
