import { Bug, Failed, UndoFailed } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { type Client, type DatabaseAddress, withClient } from '../postgres/connection.ts';
import { closeDatabase, openDatabase } from '../postgres/fence.ts';
import {
  applyMapping,
  type BrokenKey,
  compareAtOnePoint,
  type DrainedReverse,
  disarmReverse,
  drainReverse,
  dropSlot,
  endAppliedChanges,
  foreignKeyAntiJoins,
  openReverse,
  pauseSubscription,
  type ReplicationStream,
} from '../postgres/replication/index.ts';
import { databaseOid } from '../postgres/switch.ts';
import { withWayOut } from './lost-stream.ts';
import type { StepContext } from './step-kind.ts';
import { adminAddress, applicationName } from './target-databases.ts';

/** A statement of the reverse mapping, run in the return database once the stream is drained. */
export interface ReverseMapping {
  /** The table that it writes to. */
  readonly table: string;
  readonly sql: string;
}

/** The database that serves and the one that a rollback goes back to. */
export interface ReturnSides {
  readonly live: DatabaseAddress;
  readonly return: DatabaseAddress;
}

/** The stream that keeps the return database in step, and its two ends. */
export interface ReturnStreamOf {
  readonly sides: ReturnSides;
  readonly stream: ReplicationStream;
}

export const DRAIN_TIMEOUT_MS = 120_000;
export const FENCE_TIMEOUT_MS = 15_000;

/** The statements of a step's mapping. */
export function mappingOf(args: { readonly mapping: readonly JsonObject[] }): string[] {
  return args.mapping.map(({ sql }) => String(sql));
}

export interface DrainBackOptions extends ReturnStreamOf {
  readonly mapping: readonly string[];
  readonly compareFirst?: boolean | undefined;
  readonly proven: (drained: DrainedReverse) => Promise<object>;
  readonly exchange?: ((admin: Client) => Promise<void>) | undefined;
  /** Makes clients wait, where something can. */
  readonly hold?: (() => Promise<void>) | undefined;
}

/**
 * Drains the stream behind a fence and notes, as the mark `drained`, what came along; then removes the stream. The live
 * database stays closed: what would be written into it from here on would be lost. Can be repeated.
 *
 * With `compareFirst` rows are compared and mapped just before the fence instead of behind it, customers wait for the
 * drain alone, and the stream is only paused: `removeRemains` removes it once they are served, and `mapLatecomers`
 * gives rows of the last moment their place. `proven` looks at the return database before the mark is set; what it
 * returns goes into the mark. `exchange` is what follows while customers wait, in the session that closed the door.
 *
 * @throws Failed `return-keys-broken`, `reverse-differs`, `drain-timed-out`, `fence-not-closed`: nothing was switched.
 */
export async function drainBack(context: StepContext, options: DrainBackOptions): Promise<void> {
  try {
    await drainAndExchange(context, options);
  } catch (error) {
    throw withWayOut(error, options);
  }
}

async function drainAndExchange(context: StepContext, options: DrainBackOptions): Promise<void> {
  const { sides, stream, mapping, compareFirst = false } = options;
  const timeoutMs = Math.min(context.timeoutMs, DRAIN_TIMEOUT_MS);
  const session = { applicationName: applicationName(context) };
  return withClient(adminAddress(context.plan.target), session, async (admin) => {
    // An attempt that failed behind its fence left the database closed; nothing can be drained from it like that.
    await openDatabase(admin, sides.live.database);
    const compared = compareFirst ? await compareWhileServing(context, options, timeoutMs) : undefined;
    // Not those that compared: a backend that has mapped every page of the cache takes long to end, behind the fence.
    const sessions = await openReverse(sides, stream, { timeoutMs, workers: compareFirst ? 1 : undefined });
    try {
      // Noted first: who comes after a crash must be told that customers may find it closed.
      await context.mark('closing', { database: sides.live.database });
      const fencedAtMs = context.now().getTime();
      await options.hold?.();
      await closeDatabase(admin, sides.live.database, {
        timeoutMs: FENCE_TIMEOUT_MS,
        spare: sessions.sparePids,
      });
      const drained = await drainReverse(sessions, stream, {
        timeoutMs,
        // It reads whole tables, and has run a moment ago.
        mapping: compareFirst ? [] : mapping,
        compareRows: !compareFirst,
        // What came since is mapped once customers are served; without a mapping the keys are joined here.
        joinKeys: !compareFirst || mapping.length === 0,
      });
      refuseBroken(drained);
      const proven = await options.proven(compared === undefined ? drained : { ...drained, ...compared });
      const { mapped, sequences } = drained;
      const drainedMs = context.now().getTime() - fencedAtMs;
      // Noted before anything of the stream is removed: once it is gone nothing else tells that all of it had arrived.
      const facts = { ...proven, mapped, sequences, fencedAtMs, drainedMs };
      await context.mark('drained', JSON.parse(JSON.stringify(facts)) as JsonObject);
      const ends = { live: first(sessions.publishers), return: first(sessions.subscribers) };
      // What is left of it can be removed when customers are served again.
      if (compareFirst) {
        await pauseSubscription(ends.return, stream.subscription, { timeoutMs: FENCE_TIMEOUT_MS });
        // While nobody else holds a lock: customers are served from these tables in a moment. The notes stay.
        await endAppliedChanges(ends.return);
      } else await disarmReverse(ends, stream, { timeoutMs: FENCE_TIMEOUT_MS });
    } finally {
      await sessions.end();
    }
    await options.exchange?.(admin);
  });
}

async function compareWhileServing(
  context: StepContext,
  { sides, stream, mapping }: ReturnStreamOf & { readonly mapping: readonly string[] },
  timeoutMs: number,
): Promise<Pick<DrainedReverse, 'fingerprints'>> {
  const mapped = await mapOnce(context, { sides, stream, mapping });
  const sessions = await openReverse(sides, stream, { timeoutMs });
  const { differing, broken, fingerprints } = await compareAtOnePoint(sessions, stream, {
    lockTimeoutMs: FENCE_TIMEOUT_MS,
  }).finally(() => sessions.end());
  if (differing.length > 0) {
    throw new Failed({
      code: 'reverse-differs',
      seen: `the return database differs from the live one in: ${differing.join(', ')}`,
      expected: 'every row that customers wrote in both',
      next: 'nothing was switched; name the rows with `roundtrip compare` before deciding',
      fields: { tables: differing },
    });
  }
  // Rows may have come between the mapping and the comparison, which takes its time.
  const again = broken.length > 0 && mapped.length === 0 && mapping.length > 0;
  refuseBroken({ broken: again ? await mapOnce(context, { sides, stream, mapping }) : broken });
  return { fingerprints };
}

/** Maps what has arrived so far; the keys that do not hold even then. */
async function mapOnce(
  context: StepContext,
  { sides, stream, mapping }: ReturnStreamOf & { readonly mapping: readonly string[] },
): Promise<readonly BrokenKey[]> {
  if (mapping.length === 0) return [];
  const tables = stream.tables.map(({ table }) => table);
  return withClient(sides.return, { applicationName: applicationName(context) }, async (back) => {
    await applyMapping(back, mapping);
    return foreignKeyAntiJoins(back, { tables });
  });
}

/**
 * Once customers are served by it, gives what came in the last moment before the fence its place in the old schema,
 * and joins every foreign key.
 *
 * @throws UndoFailed `return-keys-broken`; production serves the previous release all the same.
 */
export async function mapLatecomers(
  context: StepContext,
  returned: ReturnStreamOf & { readonly mapping: readonly string[] },
): Promise<void> {
  const broken = await mapOnce(context, returned);
  if (broken.length === 0) return;
  throw new UndoFailed({
    code: 'return-keys-broken',
    seen: `rows of the last moment refer to what the old schema does not have: ${JSON.stringify(broken).slice(0, 600)}`,
    expected: 'a place for each of them, by the reverse mapping of the runbook',
    next: 'production serves the previous release and no order is lost: insert what they refer to by hand, then `roundtrip resume`',
    fields: { broken },
  });
}

/**
 * Refuses a return database that holds rows which refer to nothing.
 *
 * @throws Failed `return-keys-broken`.
 */
export function refuseBroken({ broken }: Pick<DrainedReverse, 'broken'>): void {
  if (broken.length === 0) return;
  throw new Failed({
    code: 'return-keys-broken',
    seen: `rows written since the switch refer to what the old schema does not have: ${JSON.stringify(broken).slice(0, 600)}`,
    expected: 'a place for each of them, by the reverse mapping of the runbook',
    next: 'nothing was switched and nothing is lost: insert what they refer to into the return database by hand, then `roundtrip resume`; a mapping in the runbook would have done it',
    fields: { broken },
  });
}

/**
 * Removes what an interrupted attempt left of the stream. Once it was drained the live database stays closed: a write
 * into it now would be lost with it. Its slot is dropped from another database of its cluster.
 */
export async function removeRemains(
  context: StepContext,
  { sides, stream, drained }: ReturnStreamOf & { readonly drained: boolean },
): Promise<void> {
  const session = { applicationName: applicationName(context) };
  const timeoutMs = FENCE_TIMEOUT_MS;
  await withClient(adminAddress(context.plan.target), session, async (admin) => {
    const back = await databaseOid(admin, sides.return.database);
    if (back !== undefined)
      await withClient(sides.return, session, (client) =>
        disarmReverse({ return: client }, stream, { timeoutMs }),
      );
    await dropSlot(admin, stream.slot, { timeoutMs });
    if (drained || back === undefined) return;
    await withClient(sides.return, session, (client) =>
      withClient(sides.live, session, (live) =>
        disarmReverse({ live, return: client }, stream, { timeoutMs }),
      ),
    );
  });
}

function first(sessions: readonly Client[]): Client {
  const [session] = sessions;
  if (session !== undefined) return session;
  throw new Bug({
    code: 'no-session',
    seen: 'no session on one side of the stream',
    expected: 'those that were opened before the fence',
    next: 'report this',
  });
}
