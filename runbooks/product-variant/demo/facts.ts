import { fingerprintTables } from 'roundtrip/cli';
import type { Stage } from './shop-stage.ts';

/** What can be seen of production at one moment, measured by the demo itself and not taken from the run's journal. */
export interface Facts {
  readonly products: number;
  readonly variants: number | null;
  readonly protectedTables: readonly { readonly table: string; readonly fingerprint: string }[];
  /** The release that answers at the front door. */
  readonly release: string;
}

const PROTECTED = ['users', 'orders', 'order_items', 'cart_items'];

/** Looks at production. */
export async function facts(stage: Stage): Promise<Facts> {
  const { database, settings } = stage.production;
  const fingerprints = await fingerprintTables(database, { tables: PROTECTED });
  const count = async (table: string): Promise<number | null> => {
    const { rows } = await stage.productionCluster.query(
      `SELECT to_regclass($1) IS NOT NULL AS present`,
      [`public.${table}`],
      database.database,
    );
    if (!rows[0].present) return null;
    return Number(
      (await stage.productionCluster.query(`SELECT count(*) FROM ${table}`, [], database.database)).rows[0]
        .count,
    );
  };
  const health = (await (await fetch(`${settings.baseUrl}/api/health/`)).json()) as { release: string };
  return {
    products: (await count('products')) ?? 0,
    variants: await count('product_variants'),
    protectedTables: PROTECTED.map((table) => {
      const { rows = '?', digest = '?' } = fingerprints[`public.${table}`] ?? {};
      return { table, fingerprint: `${rows}:${digest}` };
    }),
    release: health.release,
  };
}
