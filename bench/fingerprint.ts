import { createCluster, type PrivateCluster } from 'pg-cluster';
import { fingerprintTables } from 'roundtrip/cli';
import { differingRows } from 'roundtrip/postgres';
import { type Bar, bar, median } from './bar.ts';
import { createOrderItems } from './orders-table.ts';

const REPEATS = 3;
const WORKERS = 2;

/** Fingerprints against reading every column with the same workers, and against md5(string_agg), in one run. */
export async function benchFingerprint({
  rows = 3_000_000,
}: {
  readonly rows?: number;
} = {}): Promise<Bar[]> {
  // Compiling queries is off for the peers too: ours switches it off, and it would make reading look dearer than it is.
  const cluster = await createCluster({ name: 'bench', settings: { work_mem: '256MB', jit: 'off' } });
  try {
    await createOrderItems(cluster, 'bench', rows);
    await cluster.query('CREATE DATABASE other TEMPLATE bench');
    const reading = await timed(() => readEveryColumn(cluster, (column) => `length(${column}::text)`));
    const touching = await timed(() => readEveryColumn(cluster, cheapestLook));
    const ours = await timed(() =>
      fingerprintTables(cluster.address('bench'), { tables: ['order_items'], workers: WORKERS }),
    );
    const aggregate = await timed(
      () =>
        cluster.query('SELECT md5(string_agg(t::text, chr(10) ORDER BY id)) FROM order_items t', [], 'bench'),
      1,
    );
    await cluster.query(
      `UPDATE order_items SET product_name = overlay(product_name placing 'x' from 3) WHERE id = ${Math.trunc(rows * 0.7)}`,
      [],
      'other',
    );
    const startedMs = performance.now();
    const found = await differingRows(cluster.address('bench'), cluster.address('other'), 'order_items', {
      max: 10,
    });
    const drilledMs = performance.now() - startedMs;
    const named = JSON.stringify(found).includes(String(Math.trunc(rows * 0.7)));
    return [
      bar({
        name: 'fingerprint (128 bits) / reading every column, same workers',
        value: ours / reading,
        unit: '×',
        limit: 2.5,
        direction: 'max',
      }),
      bar({
        name: 'fingerprint (128 bits) / the length of texts and no more than a look at the rest, same workers',
        value: ours / touching,
        unit: '×',
        limit: 2.5,
        direction: 'max',
      }),
      bar({
        name: 'md5(string_agg) / fingerprint',
        value: aggregate / ours,
        unit: '×',
        limit: 1,
        direction: 'min',
      }),
      bar({
        name: 'one changed byte named by table and key',
        value: named ? drilledMs / 1000 : Number.NaN,
        unit: 's',
        limit: 10,
        direction: 'max',
      }),
    ];
  } finally {
    await cluster.stop();
  }
}

async function timed(work: () => Promise<unknown>, repeats = REPEATS): Promise<number> {
  const times: number[] = [];
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    const startedMs = performance.now();
    await work();
    times.push(performance.now() - startedMs);
  }
  return median(times);
}

/** What any digest must pay at least: every column taken out of its row, by two sessions, a half of the pages each. */
async function readEveryColumn(cluster: PrivateCluster, look: (column: string) => string): Promise<void> {
  const { rows } = await cluster.query(
    `SELECT (pg_relation_size('order_items') / 8192 / 2)::int AS half`,
    [],
    'bench',
  );
  const sum = `SELECT sum(${COLUMNS.map(look).join(' + ')}) FROM order_items WHERE ctid`;
  await Promise.all([
    cluster.query(`${sum} < '(${rows[0].half},0)'`, [], 'bench'),
    cluster.query(`${sum} >= '(${rows[0].half},0)'`, [], 'bench'),
  ]);
}

/** Nothing is turned into text: numbers and times are seen to be there. */
function cheapestLook(column: string): string {
  return column.startsWith('product_') && column !== 'product_id'
    ? `length(${column})`
    : `(${column} IS NOT NULL)::int`;
}

const COLUMNS = [
  'id',
  'order_id',
  'product_id',
  'quantity',
  'unit_price',
  'total_price',
  'product_name',
  'product_sku',
  'created_at',
  'updated_at',
];
