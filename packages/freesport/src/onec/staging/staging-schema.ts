/** Number of price types that have a column of their own in staging; further ones go to `price_extra`. */
export const STAGED_PRICE_COLUMNS = 12;

/** Number of warehouses that have a column of their own in staging; further ones go to `rest_extra`. */
export const STAGED_WAREHOUSE_COLUMNS = 8;

/** The schema that holds an import's staging tables. Unlogged and dropped at the end: never part of the catalogue. */
export const STAGING_SCHEMA = 'onec_staging';

/** A staging table; columns in the order in which the worker writes them. */
export interface StagingTable {
  readonly name: StagingTableName;
  readonly columns: readonly (readonly [name: string, type: string])[];
}

/** Names of the staging tables. */
export type StagingTableName =
  | 'groups'
  | 'properties'
  | 'property_values'
  | 'price_types'
  | 'warehouses'
  | 'goods'
  | 'good_properties'
  | 'offers'
  | 'figures'
  | 'price_extra'
  | 'rest_extra'
  | 'suspects'
  | 'warnings';

// Text columns that are joined on collate "C": the ids are opaque, and comparing bytes is several times cheaper.
const ID = 'text COLLATE "C"';

/** As the catalogue holds a price: what is staged is rounded already. */
const PRICE = 'numeric(10,2)';

/**
 * What prices and rests say of a key; `price_ord` and `rest_ord` are null where they say nothing. Of figures that come twice the
 * later one wins.
 */
export const FIGURE_COLUMNS: StagingTable['columns'] = [
  ['price_ord', 'int8'],
  ...Array.from({ length: STAGED_PRICE_COLUMNS }, (_, index) => [`p${index}`, PRICE] as const),
  ['rest_ord', 'int8'],
  ['total', 'int4'],
  ...Array.from({ length: STAGED_WAREHOUSE_COLUMNS }, (_, index) => [`q${index}`, 'int4'] as const),
];

/** The columns of prices of a key without prices. */
export const NO_PRICES: readonly null[] = Array(1 + STAGED_PRICE_COLUMNS).fill(null);

/** The columns of rests of a key without rests. */
export const NO_RESTS: readonly null[] = Array(2 + STAGED_WAREHOUSE_COLUMNS).fill(null);

/** What is read of keys in streams of their own, and meets in a row of `offers` or `figures` before it is staged. */
export const PART_TABLES = ['offer_parts', 'price_parts', 'rest_parts'] as const;

/** Names of those parts. */
export type PartTable = (typeof PART_TABLES)[number];

/** What offers say of a key. Texts are as short as the catalogue holds them. */
export const OFFER_COLUMNS: StagingTable['columns'] = [
  ['id', ID],
  ['ord', 'int8'],
  ['good_id', ID],
  ['name', 'varchar(300)'],
  ['article', 'varchar(100) COLLATE "C"'],
  ['barcode', 'varchar(100)'],
  ['color', 'varchar(100)'],
  ['size', 'varchar(200)'],
  ['images', 'jsonb'],
  ['deleted', 'bool'],
];

/**
 * Every staging table. `ord` numbers the records of an exchange in the order of reading: where an id comes twice
 * (a folder that mixes two exports), the later record wins.
 */
export const STAGING_TABLES: readonly StagingTable[] = [
  {
    name: 'groups',
    columns: [
      ['ord', 'int8'],
      ['id', ID],
      ['name', 'text'],
      ['parent_id', ID],
      ['deleted', 'bool'],
      ['slug', 'text'],
    ],
  },
  {
    name: 'properties',
    columns: [
      ['ord', 'int8'],
      ['id', ID],
      ['name', 'text'],
      ['value_type', 'text'],
    ],
  },
  {
    name: 'property_values',
    columns: [
      ['ord', 'int8'],
      ['property_id', ID],
      ['id', ID],
      ['value', 'text'],
    ],
  },
  {
    name: 'price_types',
    columns: [
      ['ord', 'int8'],
      ['id', ID],
      ['name', 'text'],
      ['currency', 'text'],
      ['deleted', 'bool'],
    ],
  },
  {
    name: 'warehouses',
    columns: [
      ['ord', 'int8'],
      ['id', ID],
      ['name', 'text'],
      ['deleted', 'bool'],
    ],
  },
  {
    name: 'goods',
    columns: [
      ['ord', 'int8'],
      ['id', ID],
      ['name', 'text'],
      ['slug', 'text'],
      ['article', 'text'],
      ['barcode', 'text'],
      ['description', 'text'],
      ['group_id', ID],
      ['images', 'jsonb'],
      ['brand_ref', ID],
      ['brand_name', 'text'],
      ['vat', 'numeric'],
      ['color', 'text'],
      ['size', 'text'],
      ['deleted', 'bool'],
    ],
  },
  {
    name: 'good_properties',
    columns: [
      ['ord', 'int8'],
      ['good_id', ID],
      ['property_id', ID],
      ['value', 'text'],
    ],
  },
  { name: 'offers', columns: [...OFFER_COLUMNS, ...FIGURE_COLUMNS] },
  // Keys without an offer, or whose figures were not found on the way.
  { name: 'figures', columns: [['id', ID], ...FIGURE_COLUMNS] },
  {
    name: 'price_extra',
    columns: [
      ['ord', 'int8'],
      ['id', ID],
      ['type_id', ID],
      ['amount', PRICE],
    ],
  },
  {
    name: 'rest_extra',
    columns: [
      ['ord', 'int8'],
      ['id', ID],
      ['warehouse_id', ID],
      ['quantity', 'int4'],
    ],
  },
  {
    name: 'suspects',
    columns: [
      ['staged_in', 'text'],
      ['id', ID],
    ],
  },
  {
    name: 'warnings',
    columns: [
      ['code', 'text'],
      ['subject', 'text'],
      ['file', 'text'],
      ['byte_offset', 'int8'],
      ['message', 'text'],
    ],
  },
];

/**
 * The statements that make empty staging tables. Autovacuum is off on them: they live for seconds, and it would
 * read each one for nothing; the merge analyses what it plans joins on.
 *
 * @example
 * for (const statement of stagingDdl()) await client.query(statement);
 */
export function stagingDdl(): readonly string[] {
  return [
    `DROP SCHEMA IF EXISTS ${STAGING_SCHEMA} CASCADE`,
    `CREATE SCHEMA ${STAGING_SCHEMA}`,
    ...STAGING_TABLES.map(
      ({ name, columns }) =>
        `CREATE UNLOGGED TABLE ${STAGING_SCHEMA}.${name} (${columns.map(([column, type]) => `${column} ${type}`).join(', ')})
         WITH (autovacuum_enabled = false)`,
    ),
  ];
}
