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
/** Writers go on for `settleMs` before and after each exchange, so that every client's gap has two ends. */
const MEASURED = { rounds: 5, roundsOfMany: 3, settleMs: 1_000, latencyMs: 8_000 };
/** Of small shops: whether it runs at all. */
const SMOKE: Effort = { rounds: 2, roundsOfMany: 1, settleMs: 500, latencyMs: 2_000 };
/** Orders from which on a run is a measurement. */
const MEASURED_FROM = 100_000;

type Effort = typeof MEASURED;

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
  const effort = orders < MEASURED_FROM ? SMOKE : MEASURED;
  const settings = { max_wal_size: '8GB', shared_buffers: '1GB', wal_retrieve_retry_interval: '200ms' };
  // Durable: a commit waits for the disk, as the customers' do.
  const cluster = await createCluster({ name: 'bench', settings, durable: true });
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-switch-'));
  try {
    const measure = (database: string, size: number): Promise<Outcome> =>
      measureShop(cluster, { database, orders: size, folder, effort });
    const tenth = await measure('tenth', Math.ceil(orders / 10));
    const reference = await measure('shop', orders);
    const story = await measureStory(cluster, 'shop', folder);
    say('story', { rollbackSeconds: story.seconds, lostOrders: story.lost });
    return barsOf({ reference, tenth, story, effort });
  } finally {
    await cluster.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureShop(
  cluster: PrivateCluster,
  options: {
    readonly database: string;
    readonly orders: number;
    readonly folder: string;
    readonly effort: Effort;
  },
): Promise<Outcome> {
  const { database, orders, folder, effort } = options;
  const { settleMs, latencyMs } = effort;
  await createReferenceShop(cluster, { database, orders });
  say(database, { orders, seeded: true });
  const records: Acknowledged[] = [];
  const writers = await startWriters(cluster, { database, clients: FEW, prefix: 'few' });
  await calm(writers, settleMs, records);
  const before = await calm(writers, latencyMs, records);
  const pair = await beginPair(cluster, { database, folder });
  say(database, { copied: true });
  await calm(writers, settleMs, records);
  const open: Acknowledged[] = [];
  const few = await measureRounds({ cluster, database, pair, writers, records, effort, open });
  add(records, await writers.stop());
  const crowd = await startWriters(cluster, { database, clients: MANY, prefix: 'many' });
  const many = await measureRounds({
    ...{ cluster, database, pair, writers: crowd, records },
    effort: { ...effort, rounds: effort.roundsOfMany },
    isLast: true,
  });
  add(records, await crowd.stop());
  // The copy is history; what is left is a shop without a way back, once more for the latency.
  await withClient(cluster.address(), { applicationName: 'bench' }, (client) =>
    dropDatabase(client, `${database}_copy`, { mustNotBe: [database] }),
  );
  const again = await startWriters(cluster, { database, clients: FEW, prefix: 'again' });
  await calm(again, settleMs, records);
  const after = await calm(again, latencyMs, records);
  add(records, await again.stop());
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
  readonly effort: Effort;
  /** Orders placed in calm while the way back was open, added to in the first and the last round. */
  readonly open?: Acknowledged[] | undefined;
  /** No way forward is kept after the last rollback. */
  readonly isLast?: boolean | undefined;
}

async function measureRounds(
  options: Rounds,
): Promise<{ readonly gaps: Gaps; readonly lost: { readonly switch: number } }> {
  const { cluster, database, pair, writers, records, open } = options;
  const { rounds, settleMs, latencyMs } = options.effort;
  const gaps = { switch: [] as number[], rollback: [] as number[] };
  let lost = 0;
  for (let round = 1; round <= rounds; round += 1) {
    const over = await exchanged({ writers, records, settleMs }, () => pair.switchOver());
    gaps.switch.push(over.gapMs);
    lost = Math.max(lost, await countLost(cluster, database, records));
    if (open !== undefined && (round === 1 || round === rounds))
      add(open, await calm(writers, latencyMs, records));
    const isLast = options.isLast === true && round === rounds;
    const back = await exchanged({ writers, records, settleMs }, () => pair.rollBack({ again: !isLast }));
    gaps.rollback.push(back.gapMs);
    const { clients } = writers;
    say(database, { round, clients, switchGapMs: over.gapMs, switch: over.phases });
    say(database, { round, clients, rollbackGapMs: back.gapMs, rollback: back.phases });
  }
  return { gaps: { switch: median(gaps.switch), rollback: median(gaps.rollback) }, lost: { switch: lost } };
}

/** Writers before, during and after an exchange; `records` gets what they wrote. */
async function exchanged(
  { writers, records, settleMs }: Pick<Rounds, 'writers' | 'records'> & Pick<Effort, 'settleMs'>,
  exchange: () => Promise<Phases>,
): Promise<{ readonly gapMs: number; readonly phases: Phases }> {
  await calm(writers, settleMs, records);
  const phases = await exchange();
  await delay(settleMs);
  const seen = await writers.take();
  add(records, seen);
  return { gapMs: longestGapMs(seen, writers), phases };
}

async function calm(writers: Writers, ms: number, records: Acknowledged[]): Promise<readonly Acknowledged[]> {
  add(records, await writers.take());
  await delay(ms);
  const seen = await writers.take();
  add(records, seen);
  return seen;
}

/** Not as arguments: a slow machine's copy takes more orders than a call may have. */
function add(records: Acknowledged[], seen: readonly Acknowledged[]): void {
  for (const each of seen) records.push(each);
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
  readonly effort: Effort;
}): Bar[] {
  const { reference, tenth, story, effort } = results;
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
        `longest gap of a writer at the ${way}, ${FEW} clients, median of ${effort.rounds}`,
        reference.few[way],
        'ms',
        200,
      ),
    ),
    ...ways.map((way) =>
      max(
        `longest gap of a writer at the ${way}, ${MANY} clients, median of ${effort.roundsOfMany}`,
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
