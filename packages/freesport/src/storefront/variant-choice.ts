import type { ProductVariant } from '../catalogue/catalogue.ts';

/** One chip. `disabled`: there is nothing to buy of it together with what is chosen in the other group. */
export interface ChoiceOption {
  readonly value: string;
  readonly hex: string | null;
  readonly swatchImage: string | null;
  readonly checked: boolean;
  readonly disabled: boolean;
}

/** What a product's page offers to choose and what is chosen. Groups without a choice to make are empty. */
export interface VariantChoice {
  readonly colors: readonly ChoiceOption[];
  readonly sizes: readonly ChoiceOption[];
  /** Variants of the chosen colour and size where those do not tell them apart. */
  readonly others: readonly ProductVariant[];
  readonly chosen: ProductVariant;
}

/** What a visitor asked for, as texts of the URL. */
export interface VariantWish {
  readonly color?: string | undefined;
  readonly size?: string | undefined;
  readonly sku?: string | undefined;
}

/**
 * Chooses a variant: the SKU asked for, else the best of the colour and size asked for (one to buy before one that is
 * sold out), else the best of all. Pure; the page's script follows the same rules.
 *
 * @example
 * chooseVariant(product.variants, { color: 'Синий', size: '42' }).chosen.sku_id;
 */
export function chooseVariant(variants: readonly ProductVariant[], wish: VariantWish): VariantChoice {
  const chosen = bestOf(variants, wish);
  const colors = distinct(variants.map((variant) => variant.color_name));
  const sizes = distinct(variants.map((variant) => variant.size_value)).sort(bySize);
  const buyable = variants.filter(canBuy);
  const same = variants.filter(
    (variant) => variant.color_name === chosen.color_name && variant.size_value === chosen.size_value,
  );
  return {
    colors: colors.map((value) => {
      const sample = variants.find((variant) => variant.color_name === value);
      return {
        value,
        hex: sample?.color_hex ?? null,
        swatchImage: sample?.swatch_image ?? null,
        checked: value === chosen.color_name,
        // A colour can be chosen if it can be bought in any size: the size then follows.
        disabled: !buyable.some((variant) => variant.color_name === value),
      };
    }),
    sizes: sizes.map((value) => ({
      value,
      hex: null,
      swatchImage: null,
      checked: value === chosen.size_value,
      disabled: !buyable.some(
        (variant) => variant.size_value === value && variant.color_name === chosen.color_name,
      ),
    })),
    others: same.length > 1 ? same : [],
    chosen,
  };
}

/** In stock and with a price. */
export function canBuy(variant: ProductVariant): boolean {
  return variant.in_stock && variant.price !== null;
}

function bestOf(variants: readonly ProductVariant[], wish: VariantWish): ProductVariant {
  const named = variants.find((variant) => String(variant.sku_id) === wish.sku);
  const hasColor = (variant: ProductVariant): boolean =>
    wish.color === undefined || variant.color_name === wish.color;
  const hasSize = (variant: ProductVariant): boolean =>
    wish.size === undefined || variant.size_value === wish.size;
  // The SKU only tells variants of one colour and size apart: a changed chip wins over it.
  if (named !== undefined && hasColor(named) && hasSize(named)) return named;
  // The colour is kept; a size that is sold out in it gives way to one that can be bought.
  const fits = (variant: ProductVariant): number =>
    (hasColor(variant) ? 4 : 0) + (canBuy(variant) ? 2 : 0) + (hasSize(variant) ? 1 : 0);
  const [first, ...rest] = variants;
  if (first === undefined) throw new Error('a product without variants has no page');
  return rest.reduce((best, variant) => (fits(variant) > fits(best) ? variant : best), first);
}

/** Values in order of appearance; nothing where there is no choice of names to make. */
function distinct(values: readonly string[]): string[] {
  const found = [...new Set(values)].filter((value) => value !== '');
  return found;
}

/** Numbers by size, letters as people wear them, the rest by alphabet. */
function bySize(a: string, b: string): number {
  const [left, right] = [sizeRank(a), sizeRank(b)];
  return left - right || a.localeCompare(b, 'ru', { numeric: true });
}

const LETTERS = ['xxs', 'xs', 's', 'm', 'l', 'xl', 'xxl', '2xl', 'xxxl', '3xl', '4xl', '5xl'];

function sizeRank(size: string): number {
  const number = Number.parseFloat(size.replace(',', '.'));
  if (!Number.isNaN(number)) return number;
  const letter = LETTERS.indexOf(size.toLowerCase());
  return letter === -1 ? 1_000_000 : 100_000 + letter;
}
