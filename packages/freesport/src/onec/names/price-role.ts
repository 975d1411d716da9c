/** The price columns of a variant, named after the role they serve. */
export const PRICE_ROLES = [
  'retail',
  'opt1',
  'opt2',
  'opt3',
  'trainer',
  'federation',
  'rrp',
  'msrp',
] as const;

/** One of `PRICE_ROLES`. */
export type PriceRole = (typeof PRICE_ROLES)[number];

/**
 * The role that a 1C price type's name announces, or undefined where it announces none ("Партнер", "Опт 4",
 * "Интернет"). Names carry conditions ("Опт 1 (300-600 тыс.руб в квартал)"), so only the word and the digit right
 * after it count. An unknown name is never retail: the original took it for retail and so sold at partner prices.
 *
 * @example priceRole('Опт 1 (300-600 тыс.руб в квартал)') // 'opt1'
 */
export function priceRole(name: string): PriceRole | undefined {
  const text = name.normalize('NFKC').toLowerCase().replaceAll('ё', 'е');
  const wholesale = /(?:^|[^\p{L}])опт(?:овая|овые|овый)?[\s№_-]*([1-3])(?![\d])/u.exec(text);
  if (wholesale) return `opt${wholesale[1]}` as PriceRole;
  if (text.includes('тренер')) return 'trainer';
  if (text.includes('федерац')) return 'federation';
  if (/(?:^|[^\p{L}])ррц(?![\p{L}])/u.test(text) || text.includes('рекоменд')) return 'rrp';
  if (/(?:^|[^\p{L}])мрц(?![\p{L}])/u.test(text)) return 'msrp';
  if (text.includes('розничн')) return 'retail';
  return undefined;
}

/** A price type as declared, in the order of declaration. */
export interface DeclaredPriceType {
  readonly id: string;
  readonly name: string;
  /** As 1C spells it; empty or absent where it says nothing. */
  readonly currency?: string | undefined;
}

/** Which price type feeds which column. Types that feed none are kept in `variant_prices` only. */
export interface PricePlan {
  /** Type id by role; the first declared type of a role wins. */
  readonly byRole: ReadonlyMap<PriceRole, string>;
  /** Type ids from which the retail column is filled, first match first. */
  readonly retailChain: readonly string[];
  /** Types that feed no column. */
  readonly withoutRole: readonly DeclaredPriceType[];
}

/**
 * Decides the columns of all known price types. Retail falls back to РРЦ, then МРЦ, and where there is neither (nor
 * a plain retail type) to the first type declared: a shop of one price type named "BASE" sells at it. Columns hold no currency:
 * beside types in roubles, one in dollars has no role whatever its name, or 100 dollars would be 100 roubles.
 *
 * @example planPrices([{ id: 'a', name: 'BASE' }]).retailChain // ['a']
 */
export function planPrices(types: readonly DeclaredPriceType[]): PricePlan {
  const byRole = new Map<PriceRole, string>();
  const withoutRole: DeclaredPriceType[] = [];
  const sellsIn = currencyKey(
    (types.find(({ currency }) => currencyKey(currency) === '') ?? types[0])?.currency,
  );
  const sold = types.filter(({ currency }) => currencyKey(currency) === sellsIn);
  for (const type of types) {
    const role = sold.includes(type) ? priceRole(type.name) : undefined;
    if (role === undefined || byRole.has(role)) withoutRole.push(type);
    else byRole.set(role, type.id);
  }
  const retailChain = (['retail', 'rrp', 'msrp'] as const).flatMap((role) => byRole.get(role) ?? []);
  const [first] = sold;
  if (retailChain.length === 0 && first !== undefined) {
    retailChain.push(first.id);
    // The first type feeds the retail column; if its name has a role of its own it feeds that one as well.
    const index = withoutRole.findIndex((type) => type.id === first.id);
    if (index !== -1) withoutRole.splice(index, 1);
  }
  return { byRole, retailChain, withoutRole };
}

/** One key for all spellings of the rouble and for none at all; another currency is its own text. */
function currencyKey(currency = ''): string {
  const text = currency.trim().toLowerCase();
  return /^(?:руб(?:\.|л[ьяией]{1,2})?|р\.?|ru[br]|643|810|₽)?$/u.test(text) ? '' : text;
}
