/** Tag of "every SKU is a Product". */
export const LEGACY = 'v13.3';
/** Tag of "Product with ProductVariants". */
export const VARIANTS = 'v13.4';
