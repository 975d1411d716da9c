/** JSON schemas of the API, for validation, serialisation and the OpenAPI document alike. */

const text = { type: 'string' } as const;
const integer = { type: 'integer' } as const;
const flag = { type: 'boolean' } as const;
const textOrNull = { type: ['string', 'null'] } as const;
/** Exact decimal as text: JSON numbers are floats in most clients. */
const priceOrNull = { type: ['string', 'null'], pattern: '^\\d+\\.\\d{2}$' } as const;

function strictObject(properties: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return { type: 'object', additionalProperties: false, required: Object.keys(properties), properties };
}

const link = strictObject({ id: integer, name: text, slug: text });
const linkOrNull = { anyOf: [link, { type: 'null' }] };

const listedProperties = {
  id: integer,
  name: text,
  slug: text,
  sku: text,
  sku_id: integer,
  price: priceOrNull,
  retail_price: priceOrNull,
  stock_quantity: integer,
  in_stock: flag,
  image: textOrNull,
  brand: linkOrNull,
  category: link,
  is_new: flag,
  is_hit: flag,
  is_sale: flag,
  discount_percent: { type: ['integer', 'null'] },
};

const variantProperties = {
  id: integer,
  sku_id: integer,
  sku: text,
  name: text,
  color_name: text,
  color_hex: textOrNull,
  swatch_image: textOrNull,
  size_value: text,
  price: priceOrNull,
  retail_price: priceOrNull,
  rrp: priceOrNull,
  msrp: priceOrNull,
  stock_quantity: integer,
  in_stock: flag,
  main_image: textOrNull,
  gallery_images: { type: 'array', items: text },
  is_default: flag,
};

const detailProperties = {
  ...listedProperties,
  description: text,
  short_description: text,
  min_order_quantity: integer,
  gallery_images: { type: 'array', items: text },
  specifications: { type: 'object', additionalProperties: true },
  seo_title: text,
  seo_description: text,
};

/** A page of products; the same in every release. */
export const productPageSchema = strictObject({
  count: integer,
  next: textOrNull,
  previous: textOrNull,
  results: { type: 'array', items: strictObject(listedProperties) },
});

/** A product's page; `variants` from 13.4 on. */
export function productDetailSchema(hasVariants: boolean): Record<string, unknown> {
  if (!hasVariants) return strictObject(detailProperties);
  const variants = { type: 'array', minItems: 1, items: strictObject(variantProperties) };
  return strictObject({ ...detailProperties, variants });
}

/** All active categories, flat. */
export const categoriesSchema = strictObject({
  count: integer,
  results: {
    type: 'array',
    items: strictObject({
      id: integer,
      name: text,
      slug: text,
      parent_id: { type: ['integer', 'null'] },
      sort_order: integer,
    }),
  },
});

/** A cart with current prices. */
export const cartSchema = strictObject({
  items: {
    type: 'array',
    items: strictObject({
      sku_id: integer,
      name: text,
      sku: text,
      slug: textOrNull,
      options: text,
      image: textOrNull,
      price: priceOrNull,
      available: integer,
      quantity: integer,
      total: priceOrNull,
    }),
  },
  total: text,
});

/** An order as it was placed. */
export const orderSchema = strictObject({
  order_number: text,
  status: text,
  customer_name: text,
  customer_email: text,
  customer_phone: text,
  delivery_address: text,
  delivery_method: text,
  payment_method: text,
  total_amount: text,
  created_at: text,
  items: {
    type: 'array',
    items: strictObject({
      sku_id: integer,
      name: text,
      sku: text,
      quantity: integer,
      unit_price: text,
      total_price: text,
    }),
  },
});

/** Every error of the API. */
export const errorSchema = strictObject({
  error: {
    type: 'object',
    additionalProperties: false,
    required: ['code', 'message'],
    properties: { code: text, message: text, details: { type: 'object', additionalProperties: true } },
  },
});

/** Query of a product list. */
export const listQuerySchema = {
  type: 'object',
  properties: {
    category: { type: 'string', maxLength: 255 },
    brand: { type: 'string', maxLength: 100 },
    q: { type: 'string', maxLength: 100 },
    min_price: { type: 'string', pattern: '^\\d{1,8}(\\.\\d{1,2})?$' },
    max_price: { type: 'string', pattern: '^\\d{1,8}(\\.\\d{1,2})?$' },
    page: { type: 'integer', minimum: 1, maximum: 100000, default: 1 },
    page_size: { type: 'integer', minimum: 1, maximum: 100, default: 20 },
  },
} as const;

/** Body of a cart change. */
export const cartChangeSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['sku_id', 'quantity'],
  properties: {
    sku_id: { type: 'integer', minimum: 1 },
    quantity: { type: 'integer', minimum: 0, maximum: 9999 },
  },
} as const;

/** Body of an order. Without `items` it is made from the cart. */
export const orderRequestSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['customer_name', 'customer_phone'],
  properties: {
    customer_name: { type: 'string', minLength: 1, maxLength: 200 },
    customer_email: { type: 'string', maxLength: 254, default: '' },
    customer_phone: { type: 'string', minLength: 3, maxLength: 20 },
    delivery_address: { type: 'string', maxLength: 1000, default: '' },
    delivery_method: {
      type: 'string',
      enum: ['pickup', 'courier', 'post', 'transport_company'],
      default: 'pickup',
    },
    payment_method: { type: 'string', enum: ['card', 'cash', 'invoice'], default: 'card' },
    notes: { type: 'string', maxLength: 2000, default: '' },
    items: {
      type: 'array',
      minItems: 1,
      maxItems: 500,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['sku_id', 'quantity'],
        properties: {
          sku_id: { type: 'integer', minimum: 1 },
          quantity: { type: 'integer', minimum: 1, maximum: 9999 },
        },
      },
    },
  },
} as const;
