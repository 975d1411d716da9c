/** Two databases of one shop that change places, there and back, as often as wanted from one dump. */
import path from 'node:path';
import type { PrivateCluster } from 'pg-cluster';
import {
  type Client,
  type DatabaseAddress,
  withClient,
} from '../packages/roundtrip/src/postgres/connection.ts';
import { closeDatabase, openDatabase } from '../packages/roundtrip/src/postgres/fence.ts';
import { readManifest } from '../packages/roundtrip/src/postgres/manifest.ts';
import {
  beginCopy,
  type CopyBegun,
  compareAtOnePoint,
  connectReverse,
  createPublication,
  createSlot,
  disarmReverse,
  drainReverse,
  dropSlot,
  openReverse,
  pauseSubscription,
  type ReplicationStream,
  type SwitchedToCopy,
  streamNames,
  switchToCopy,
} from '../packages/roundtrip/src/postgres/replication/index.ts';
import { endOfWal } from '../packages/roundtrip/src/postgres/replication/marker.ts';
import { sessionPair } from '../packages/roundtrip/src/postgres/replication/sessions.ts';
import { switchNames } from '../packages/roundtrip/src/postgres/switch.ts';

/** What the legacy shop keeps through a migration. */
const TABLES = [
  'users',
  'companies',
  'addresses',
  'orders',
  'order_items',
  'carts',
  'cart_items',
  'favorites',
  'brands',
  'categories',
] as const;
const TIMEOUT = { timeoutMs: 120_000 };
const FENCE_TIMEOUT_MS = 15_000;
const SESSION = { applicationName: 'bench switch' };

/** Milliseconds of each part of the time behind the fence. */
export type Phases = Readonly<Record<string, number>>;

export interface SwitchPair {
  /** To the copy, by `switchToCopy`. */
  switchOver(): Promise<Phases>;
  /** Back, in the order of the rollback step; `again` keeps the copy in step so that it can be switched to again. */
  rollBack(options: { readonly again: boolean }): Promise<Phases>;
}

/** Makes the copy of a shop that serves, and keeps it in step. */
export async function beginPair(
  cluster: PrivateCluster,
  { database, folder }: { readonly database: string; readonly folder: string },
): Promise<SwitchPair> {
  const [live, copyDatabase, returnDatabase] = [database, `${database}_copy`, `${database}_return`].map(
    (name) => cluster.address(name),
  ) as [DatabaseAddress, DatabaseAddress, DatabaseAddress];
  const site = { source: live, admin: cluster.address(), copyDatabase: copyDatabase.database };
  const directory = path.join(folder, `dump-${database}`);
  let round = 0;
  let begun = await beginCopy({
    ...site,
    tables: TABLES,
    name: `forward_${database}_0`,
    directory,
    jobs: 2,
    slotTimeoutMs: 20_000,
    timeoutMs: 900_000,
  });
  let reverse: ReplicationStream | undefined;
  const places = { live, return: returnDatabase, retired: copyDatabase, admin: cluster.address() };
  return {
    async switchOver() {
      round += 1;
      const switched: SwitchedToCopy = await switchToCopy({
        ...site,
        ...TIMEOUT,
        begun,
        returnDatabase: returnDatabase.database,
        reverseName: `reverse_${database}_${round}`,
        described: readManifest(directory).description,
        fenceTimeoutMs: FENCE_TIMEOUT_MS,
        journal: async () => undefined,
      });
      reverse = switched.reverse;
      return { ...switched.phases, fenced: switched.gapMs, locked: switched.compared.lockedMs };
    },
    async rollBack({ again }) {
      if (reverse === undefined) throw new Error('rollBack before switchOver');
      const name = again ? `forward_${database}_${round}` : undefined;
      const { forward, phases } = await rollBack(places, { begun, reverse, name });
      if (forward !== undefined) begun = { ...begun, stream: forward };
      reverse = undefined;
      return phases;
    },
  };
}

interface Places {
  readonly live: DatabaseAddress;
  readonly return: DatabaseAddress;
  readonly retired: DatabaseAddress;
  readonly admin: DatabaseAddress;
}

interface Rollback {
  readonly begun: CopyBegun;
  readonly reverse: ReplicationStream;
  /** Name of the stream that keeps the copy in step afterwards, where it shall be. */
  readonly name: string | undefined;
}

/**
 * Rows and keys are compared while customers write; behind the fence: drain, sequences, the stream removed, names
 * exchanged. With `name` one query more than a rollback has: where the next way forward begins.
 */
async function rollBack(
  places: Places,
  rollback: Rollback,
): Promise<{ readonly forward: ReplicationStream | undefined; readonly phases: Phases }> {
  return withClient(places.admin, SESSION, async (admin) => {
    const { forward, phases } = await exchange(admin, places, rollback);
    if (forward === undefined) return { forward, phases };
    await openDatabase(admin, places.retired.database);
    return withClient(places.retired, SESSION, async (copy) => ({
      forward: await connectReverse(copy, forward, { live: places.live }),
      phases,
    }));
  });
}

async function exchange(
  admin: Client,
  { live, return: back, retired }: Places,
  { begun, reverse, name }: Rollback,
): Promise<{ readonly forward: ReplicationStream | undefined; readonly phases: Phases }> {
  const phases: Record<string, number> = {};
  const timed = async <T>(phase: string, work: () => Promise<T>): Promise<T> => {
    const startedMs = performance.now();
    const result = await work();
    phases[phase] = performance.now() - startedMs;
    return result;
  };
  // As `drainBack` does it: those that compare end before the fence.
  const comparing = await openReverse({ live, return: back }, reverse, TIMEOUT);
  const compared = await compareAtOnePoint(comparing, reverse, { lockTimeoutMs: FENCE_TIMEOUT_MS }).finally(
    () => comparing.end(),
  );
  const sessions = await openReverse({ live, return: back }, reverse, { ...TIMEOUT, workers: 1 });
  try {
    const { subscriber } = sessionPair(sessions);
    if (compared.differing.length + compared.broken.length > 0)
      throw new Error(
        `the sides differ: ${JSON.stringify(compared.differing)} ${JSON.stringify(compared.broken)}`,
      );
    phases.locked = compared.lockedMs;
    if (name !== undefined) await publishAgain(subscriber, begun, name);
    const fencedMs = performance.now();
    const closing = { ...TIMEOUT, spare: sessions.sparePids };
    await timed('close', () => closeDatabase(admin, live.database, closing));
    const trusting = { ...TIMEOUT, compareRows: false, joinKeys: false };
    const { drained } = await timed('drain and sequences', () => drainReverse(sessions, reverse, trusting));
    phases.drain = drained.waitedMs;
    await timed('pause', () => pauseSubscription(subscriber, reverse.subscription, TIMEOUT));
    const forward =
      name === undefined
        ? undefined
        : // Behind all that the reverse stream brought, before the first customer's write.
          { ...begun.stream, name, ...streamNames(name), startLsn: await endOfWal(subscriber) };
    await timed('end sessions', () => sessions.end());
    const names = {
      liveName: live.database,
      liveOid: begun.copyOid,
      nextOid: begun.sourceOid,
      retiredName: retired.database,
    };
    await timed('exchange', () =>
      switchNames(admin, { ...names, ...TIMEOUT, journal: async () => undefined }),
    );
    phases.fenced = performance.now() - fencedMs;
    // Served again; the return database has the live name by now.
    await withClient(live, SESSION, (client) => disarmReverse({ return: client }, reverse, TIMEOUT));
    await dropSlot(admin, reverse.slot, TIMEOUT);
    return { forward, phases };
  } finally {
    await sessions.end();
  }
}

/** What can be made before the fence of the stream that follows the rollback. */
async function publishAgain(client: Client, { stream }: CopyBegun, name: string): Promise<void> {
  const { publication, slot } = streamNames(name);
  await createPublication(client, publication, stream.tables);
  await createSlot(client, slot, TIMEOUT);
}
