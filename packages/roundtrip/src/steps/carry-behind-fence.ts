import { Bug } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { carryTables } from '../postgres/carry-tables.ts';
import { type Client, withClient } from '../postgres/connection.ts';
import { closeDatabase, openDatabase } from '../postgres/fence.ts';
import {
  applyMapping,
  carrySequences,
  columnsInCommon,
  compareSides,
  disarmReverse,
  dropSlot,
  foreignKeyAntiJoins,
  type ReplicationStream,
} from '../postgres/replication/index.ts';
import { canonicalTableName } from '../postgres/table-name.ts';
import { FENCE_TIMEOUT_MS, type ReturnSides, refuseBroken } from './drain-back.ts';
import type { StepContext } from './step-kind.ts';
import { adminAddress, applicationName } from './target-databases.ts';

/**
 * The slow way back loses nothing either. The return database was gone and the backup has been restored in its place, or it
 * is there and the stream into it is lost: behind the fence the tables that customers write are copied over whole, compared,
 * and given what the mapping says. Notes, as the mark `drained`, what came along; the live database stays closed. Can be
 * repeated.
 *
 * @throws Failed `return-keys-broken`, `fence-not-closed`; Bug `copied-differs`: nothing was switched.
 */
export async function carryBehindFence(
  context: StepContext,
  options: {
    /** `return` is the database that the tables are copied into. */
    readonly sides: ReturnSides;
    readonly restoredOid: string;
    /** The one that is lost; what is left of it is removed. */
    readonly stream: ReplicationStream;
    readonly tables: readonly string[];
    readonly mapping: readonly string[];
    /** Looks at the restored database before the mark is set; what it returns goes into the mark. */
    readonly proven: () => Promise<object>;
    /** What follows while customers wait, in the session that closed the door. */
    readonly exchange?: ((admin: Client) => Promise<void>) | undefined;
    /** Makes clients wait, where something can. */
    readonly hold?: (() => Promise<void>) | undefined;
  },
): Promise<void> {
  const { sides, restoredOid, stream, mapping } = options;
  const session = { applicationName: applicationName(context) };
  await withClient(adminAddress(context.plan.target), session, async (admin) => {
    await openDatabase(admin, sides.live.database);
    await withClient(sides.live, session, (live) =>
      withClient(sides.return, session, async (restored) => {
        // Its worker would write beside the copy, and hold the name of the database.
        await disarmReverse({ return: restored }, stream, { timeoutMs: FENCE_TIMEOUT_MS });
        await dropSlot(admin, stream.slot, { timeoutMs: FENCE_TIMEOUT_MS });
        await context.mark('closing', { database: sides.live.database });
        const fencedAtMs = context.now().getTime();
        await options.hold?.();
        const { rows } = await live.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
        await closeDatabase(admin, sides.live.database, {
          timeoutMs: FENCE_TIMEOUT_MS,
          spare: rows.map(({ pid }) => pid),
        });
        const tables = await columnsInCommon(live, restored, options.tables.map(canonicalTableName));
        context.log(
          `copying ${tables.length} tables whole into ${sides.return.database} (the slow way back)`,
        );
        await carryTables({ from: live, to: restored, tables });
        const { differing } = await compareSides([live], [restored], tables);
        if (differing.length > 0)
          throw new Bug({
            code: 'copied-differs',
            seen: `copied tables differ: ${differing.join(', ')}`,
            expected: 'the same rows',
            next: 'nothing was switched; report this',
          });
        const sequences = await carrySequences({ from: live, to: restored });
        const mapped = await applyMapping(restored, mapping);
        refuseBroken({
          broken: await foreignKeyAntiJoins(restored, { tables: tables.map(({ table }) => table) }),
        });
        const proven = await options.proven();
        const drainedMs = context.now().getTime() - fencedAtMs;
        const facts = { ...proven, mapped, sequences, fencedAtMs, drainedMs, restoredOid };
        await context.mark('drained', JSON.parse(JSON.stringify(facts)) as JsonObject);
      }),
    );
    await options.exchange?.(admin);
  });
}
