import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createCluster, type PrivateCluster } from 'pg-cluster';
import { dropDatabase, withClient } from 'roundtrip/postgres';
import { type Bar, bar, median } from './bar.ts';
import { createReferenceShop } from './reference-shop.ts';
import { beginPair, type Phases, type SwitchPair } from './switch-pair.ts';
import { storyDump, storyRollback } from './switch-story.ts';
import {
  type Acknowledged,
  countLost,
  longestGapMs,
  p95Ms,
  startWriters,
  type Writers,
} from './switch-writers.ts';

const FEW = 8;
const MANY = 40;
const ROUNDS = 5;
const ROUNDS_OF_MANY = 3;
/** Writers go on for this long before and after each exchange, so that every client's gap has two ends. */
const SETTLE_MS = 1_000;

/** Gaps of one size of shop, in milliseconds, and what was lost on the way. */
interface Outcome {
  readonly few: Gaps;
  readonly many: Gaps;
  readonly lost: { readonly switch: number; readonly rollback: number };
  readonly acknowledged: number;
  readonly ordersPerSecond: number;
  /** p95 of an order with the way back open, and without anything of a copy. */
  readonly p95: { readonly open: number; readonly without: number };
}

interface Gaps {
  readonly switch: number;
  readonly rollback: number;
}

/**
 * The longest time that a customer's client waits when a shop is switched to its copy and when it is rolled back, on
 * the reference shop and one of a tenth beside it, and the story's way in the same run. docs/adr/0070 says how.
 */
export async function benchSwitch({ orders = 1_000_000 }: { readonly orders?: number } = {}): Promise<Bar[]> {
  const settings = { max_wal_size: '8GB', shared_buffers: '1GB', wal_retrieve_retry_interval: '200ms' };
  // Durable: a commit waits for the disk, as the customers' do.
  const cluster = await createCluster({ name: 'bench', settings, durable: true });
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-switch-'));
  try {
    const tenth = await measureShop(cluster, { database: 'tenth', orders: Math.ceil(orders / 10), folder });
    const reference = await measureShop(cluster, { database: 'shop', orders, folder });
    const story = await measureStory(cluster, 'shop', folder);
    say('story', { rollbackSeconds: story.seconds, lostOrders: story.lost });
    return barsOf({ reference, tenth, story });
  } finally {
    await cluster.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureShop(
  cluster: PrivateCluster,
  {
    database,
    orders,
    folder,
  }: { readonly database: string; readonly orders: number; readonly folder: string },
): Promise<Outcome> {
  const isSmoke = orders < 100_000;
  const latencyMs = isSmoke ? 3_000 : 8_000;
  await createReferenceShop(cluster, { database, orders });
  say(database, { orders, seeded: true });
  const records: Acknowledged[] = [];
  const writers = await startWriters(cluster, { database, clients: FEW, prefix: 'few' });
  await calm(writers, SETTLE_MS, records);
  const before = await calm(writers, latencyMs, records);
  const pair = await beginPair(cluster, { database, folder });
  say(database, { copied: true });
  await calm(writers, SETTLE_MS, records);
  const open: Acknowledged[] = [];
  const few = await measureRounds({
    cluster,
    database,
    pair,
    writers,
    records,
    rounds: ROUNDS,
    open,
    latencyMs,
  });
  records.push(...(await writers.stop()));
  const crowd = await startWriters(cluster, { database, clients: MANY, prefix: 'many' });
  const many = await measureRounds({
    ...{ cluster, database, pair, writers: crowd, records, open: [], latencyMs: 0 },
    rounds: ROUNDS_OF_MANY,
    isLast: true,
  });
  records.push(...(await crowd.stop()));
  // The copy is history; what is left is a shop without a way back, once more for the latency.
  await withClient(cluster.address(), { applicationName: 'bench' }, (client) =>
    dropDatabase(client, `${database}_copy`, { mustNotBe: [database] }),
  );
  const again = await startWriters(cluster, { database, clients: FEW, prefix: 'again' });
  await calm(again, SETTLE_MS, records);
  const after = await calm(again, latencyMs, records);
  records.push(...(await again.stop()));
  const without = [...before, ...after];
  const lost = {
    switch: few.lost.switch + many.lost.switch,
    rollback: await countLost(cluster, database, records),
  };
  const outcome = {
    few: few.gaps,
    many: many.gaps,
    lost,
    acknowledged: records.length,
    ordersPerSecond: (before.length * 1000) / latencyMs,
    p95: { open: p95Ms(open), without: p95Ms(without) },
  };
  say(database, outcome);
  return outcome;
}

interface Rounds {
  readonly cluster: PrivateCluster;
  readonly database: string;
  readonly pair: SwitchPair;
  readonly writers: Writers;
  /** Every acknowledged order of the shop, added to. */
  readonly records: Acknowledged[];
  readonly rounds: number;
  /** Orders placed in calm while the way back was open, added to in the first and the last round. */
  readonly open: Acknowledged[];
  readonly latencyMs: number;
  /** No way forward is kept after the last rollback. */
  readonly isLast?: boolean | undefined;
}

async function measureRounds(
  options: Rounds,
): Promise<{ readonly gaps: Gaps; readonly lost: { readonly switch: number } }> {
  const { cluster, database, pair, writers, records, rounds, open, latencyMs } = options;
  const gaps = { switch: [] as number[], rollback: [] as number[] };
  let lost = 0;
  for (let round = 1; round <= rounds; round += 1) {
    const over = await exchanged(writers, records, () => pair.switchOver());
    gaps.switch.push(over.gapMs);
    lost = Math.max(lost, await countLost(cluster, database, records));
    if (latencyMs > 0 && (round === 1 || round === rounds))
      open.push(...(await calm(writers, latencyMs, records)));
    const isLast = options.isLast === true && round === rounds;
    const back = await exchanged(writers, records, () => pair.rollBack({ again: !isLast }));
    gaps.rollback.push(back.gapMs);
    const { clients } = writers;
    say(database, { round, clients, switchGapMs: over.gapMs, switch: over.phases });
    say(database, { round, clients, rollbackGapMs: back.gapMs, rollback: back.phases });
  }
  return { gaps: { switch: median(gaps.switch), rollback: median(gaps.rollback) }, lost: { switch: lost } };
}

/** Writers before, during and after an exchange; `records` gets what they wrote. */
async function exchanged(
  writers: Writers,
  records: Acknowledged[],
  exchange: () => Promise<Phases>,
): Promise<{ readonly gapMs: number; readonly phases: Phases }> {
  await calm(writers, SETTLE_MS, records);
  const phases = await exchange();
  await delay(SETTLE_MS);
  const seen = await writers.take();
  records.push(...seen);
  return { gapMs: longestGapMs(seen, writers), phases };
}

async function calm(writers: Writers, ms: number, records: Acknowledged[]): Promise<readonly Acknowledged[]> {
  records.push(...(await writers.take()));
  await delay(ms);
  const seen = await writers.take();
  records.push(...seen);
  return seen;
}

/** A dump, orders that come in after it, and the rollback that the story had; nobody writes during it. */
async function measureStory(
  cluster: PrivateCluster,
  database: string,
  folder: string,
): Promise<{ readonly seconds: number; readonly lost: number }> {
  const dump = await storyDump(cluster, database, folder);
  const writers = await startWriters(cluster, { database, clients: FEW, prefix: 'story' });
  await delay(5_000);
  const records = await writers.stop();
  const seconds = await storyRollback(cluster, database, dump);
  return { seconds, lost: await countLost(cluster, database, records) };
}

function barsOf(results: {
  readonly reference: Outcome;
  readonly tenth: Outcome;
  readonly story: { readonly seconds: number; readonly lost: number };
}): Bar[] {
  const { reference, tenth, story } = results;
  const max = (name: string, value: number, unit: string, limit: number): Bar =>
    bar({ name, value, unit, limit, direction: 'max' });
  const ways = ['switch', 'rollback'] as const;
  return [
    bar({
      name: 'orders a second, 8 clients',
      value: reference.ordersPerSecond,
      unit: 'orders/s',
      limit: 300,
      direction: 'min',
    }),
    ...ways.map((way) =>
      max(
        `longest gap of a writer at the ${way}, ${FEW} clients, median of ${ROUNDS}`,
        reference.few[way],
        'ms',
        200,
      ),
    ),
    ...ways.map((way) =>
      max(
        `longest gap of a writer at the ${way}, ${MANY} clients, median of ${ROUNDS_OF_MANY}`,
        reference.many[way],
        'ms',
        500,
      ),
    ),
    ...ways.map((way) =>
      max(
        `acknowledged orders lost at the ${way}, of ${reference.acknowledged + tenth.acknowledged}`,
        reference.lost[way] + tenth.lost[way],
        'orders',
        0,
      ),
    ),
    ...ways.map((way) =>
      max(`gap at the ${way}: reference shop / a tenth of it`, reference.few[way] / tenth.few[way], '×', 1.5),
    ),
    max(
      'p95 of an order with the way back open / without',
      reference.p95.open / reference.p95.without,
      '×',
      1.25,
    ),
    bar({
      name: `the story's rollback (${story.seconds.toFixed(1)} s, ${story.lost} orders of 5 s lost) / ours`,
      value: (story.seconds * 1000) / reference.few.rollback,
      unit: '×',
      limit: 1,
      direction: 'min',
    }),
  ];
}

function say(shop: string, facts: object): void {
  const round = (_key: string, value: unknown): unknown =>
    typeof value === 'number' ? Number(value.toFixed(1)) : value;
  console.error(JSON.stringify({ shop, ...facts }, round));
}
