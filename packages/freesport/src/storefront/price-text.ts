import type { Language } from './language.ts';

const FORMATS: Readonly<Record<Language, Intl.NumberFormat>> = {
  ru: new Intl.NumberFormat('ru-RU', { style: 'currency', currency: 'RUB' }),
  en: new Intl.NumberFormat('en-GB', { style: 'currency', currency: 'RUB', currencyDisplay: 'narrowSymbol' }),
};

/**
 * An exact decimal as people read a price. Formatted from the text, so no kopeck is lost in a float.
 *
 * @example
 * priceText('3037.50', 'ru'); // '3 037,50 ₽'
 */
export function priceText(amount: string, language: Language): string {
  return FORMATS[language].format(amount as `${number}`);
}
