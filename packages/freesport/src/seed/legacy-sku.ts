/** Prices of a legacy SKU by column of `products`, exact decimals. */
export interface LegacyPrices {
  retail_price: string;
  opt1_price?: string;
  opt2_price?: string;
  opt3_price?: string;
  trainer_price?: string;
  federation_price?: string;
  recommended_retail_price?: string;
  max_suggested_retail_price?: string;
}

/** One row of `products` of 13.3, as an exchange gives it. */
export interface LegacySku {
  readonly onecId: string;
  /** The good that the offer belongs to; undefined for a good without offers. */
  readonly parentOnecId: string | undefined;
  readonly name: string;
  readonly sku: string;
  readonly description: string;
  readonly brand: string | undefined;
  readonly categoryOnecId: string | undefined;
  readonly images: readonly string[];
  readonly prices: LegacyPrices;
  readonly stock: number;
}

/** A category of an exchange. */
export interface LegacyCategory {
  readonly onecId: string;
  readonly parentOnecId: string | undefined;
  readonly name: string;
}

export interface LegacyPriceType {
  readonly onecId: string;
  readonly name: string;
  readonly field: keyof LegacyPrices;
}

/** The catalogue that `insertSkus` stores. */
export interface LegacyCatalogueData {
  readonly categories: readonly LegacyCategory[];
  readonly priceTypes: readonly LegacyPriceType[];
  readonly skus: readonly LegacySku[];
}
