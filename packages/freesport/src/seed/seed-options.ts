/** How large a legacy shop to make. The same options make the same rows, byte for byte. */
export interface SeedOptions {
  readonly users: number;
  readonly orders: number;
  readonly carts: number;
  /** SKUs to make up where there is no exchange. */
  readonly products: number;
  /** A 1C exchange whose offers become the SKUs instead. */
  readonly exchange?: string | undefined;
  /** Another seed makes another shop of the same size. */
  readonly seed: number;
}

/** Rows in each table after seeding. */
export type SeedCounts = Readonly<Record<string, number>>;
