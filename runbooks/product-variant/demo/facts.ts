import type { Stage } from './shop-stage.ts';

/** A table's rows up to an id, by the demo's own digest. */
export interface TableFact {
  readonly table: string;
  /** "rows:digest". */
  readonly fingerprint: string;
  readonly lastId: string;
}

/** What can be seen of production at one moment, measured by the demo itself and not taken from the run's journal. */
export interface Facts {
  readonly products: number;
  readonly variants: number | null;
  readonly protectedTables: readonly TableFact[];
  /** The release that answers at the front door. */
  readonly release: string;
}

const PROTECTED = ['users', 'orders', 'order_items', 'cart_items'];

/**
 * Looks at production. With the facts of an earlier moment, the protected tables are those rows again: what customers
 * added since has higher ids and is counted by their orders, not here.
 */
export async function facts(stage: Stage, earlier?: Facts): Promise<Facts> {
  const { settings } = stage.production;
  const ready = (await (await fetch(`${settings.baseUrl}/api/health/ready/`)).json()) as { release: string };
  const protectedTables: TableFact[] = [];
  for (const table of PROTECTED) {
    const until = earlier?.protectedTables.find((fact) => fact.table === table)?.lastId;
    protectedTables.push(await tableFact(stage, table, until));
  }
  return {
    products: (await count(stage, 'products')) ?? 0,
    variants: await count(stage, 'product_variants'),
    protectedTables,
    release: ready.release,
  };
}

async function tableFact(stage: Stage, table: string, until: string | undefined): Promise<TableFact> {
  const [row] = await rowsOf(
    stage,
    `SELECT count(*)::text AS rows, coalesce(sum(hashtextextended(t::text, 0)), 0)::text || coalesce(sum(hashtextextended(t::text, 1)), 0)::text AS sums,
            coalesce(max(id), 0)::text AS last FROM ${table} t WHERE id <= coalesce($1::bigint, 9223372036854775807)`,
    [until ?? null],
  );
  const { rows, sums, last } = row as { rows: string; sums: string; last: string };
  return {
    table,
    fingerprint: `${rows}:${BigInt(sums.replaceAll('-', '')).toString(16)}`,
    lastId: until ?? last,
  };
}

async function count(stage: Stage, table: string): Promise<number | null> {
  const [present] = await rowsOf(stage, 'SELECT to_regclass($1) IS NOT NULL AS present', [`public.${table}`]);
  if ((present as { present: boolean }).present !== true) return null;
  const [row] = await rowsOf(stage, `SELECT count(*)::int AS count FROM ${table}`, []);
  return (row as { count: number }).count;
}

async function rowsOf(stage: Stage, sql: string, values: readonly unknown[]): Promise<unknown[]> {
  return (await stage.productionCluster.query(sql, values, stage.production.database.database)).rows;
}
