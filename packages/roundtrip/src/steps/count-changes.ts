import { Failed } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { type Client, type DatabaseAddress, withClient } from '../postgres/connection.ts';
import {
  type CopyBegun,
  type CopyChanges,
  countAppliedChanges,
  countCopyChanges,
  drainTo,
  dropCopyChanges,
  protectedTableWritten,
  type ReplicationStream,
  streamHealth,
  tablesWritten,
} from '../postgres/replication/index.ts';
import { canonicalTableName } from '../postgres/table-name.ts';
import { FENCE_TIMEOUT_MS, type ReturnSides } from './drain-back.ts';
import type { StepContext } from './step-kind.ts';
import { applicationName } from './target-databases.ts';

/**
 * What the stream (customers) and anybody else (the migration) changed in the protected tables of the copy, from its restore
 * to the fence. Counted when customers are served again, and exact all the same: it ends at the position that was noted
 * behind the fence. Noted as the mark `changes` before the WAL is let go of, so that a kill in between loses no number.
 */
export async function countAtSwitch(
  context: StepContext,
  begun: CopyBegun,
  reverse: ReplicationStream,
): Promise<JsonObject> {
  if (begun.changes === undefined) return {};
  const { changes: kept, stream } = begun;
  const session = { applicationName: applicationName(context) };
  return withClient(context.plan.target.database, session, async (live) => {
    const counted = context.marks.changes ?? (await countUpTo(context, live, kept, reverse.startLsn));
    await dropCopyChanges({ session: live, copy: live }, stream.name, { timeoutMs: FENCE_TIMEOUT_MS });
    return counted;
  });
}

async function countUpTo(
  context: StepContext,
  live: Client,
  kept: NonNullable<CopyBegun['changes']>,
  startLsn: string | null,
): Promise<JsonObject> {
  const upTo = startLsn ?? undefined;
  const changes = await countCopyChanges(live, kept, { upTo, timeoutMs: context.timeoutMs });
  const counted = JSON.parse(JSON.stringify(changes)) as JsonObject;
  await context.mark('changes', counted);
  return counted;
}

/**
 * What somebody wrote to the copy after it was looked at, in the last moments before the fence, goes back as well.
 *
 * @throws Failed `protected-table-written`.
 */
export function refuseWrittenAtSwitch(counted: JsonObject | undefined): void {
  const changes = (counted ?? {}) as unknown as Readonly<Record<string, CopyChanges>>;
  if (tablesWritten(changes).length > 0) throw protectedTableWritten(changes);
}

/** Notes, as the mark `written`, what a switch was refused for, so that the report has the number; throws it again. */
export async function noteRefused(context: StepContext, error: unknown): Promise<never> {
  if (!(error instanceof Failed) || error.code !== 'protected-table-written') throw error;
  const changes = (error.fields.changes ?? {}) as Readonly<Record<string, CopyChanges>>;
  const written = Object.fromEntries(Object.entries(changes).map(([table, { others }]) => [table, others]));
  await context.mark('written', JSON.parse(JSON.stringify(written)) as JsonObject);
  throw error;
}

/** Per protected table what customers changed since they were let in: what the way back has brought along so far. */
export async function countCustomers(context: StepContext, back: DatabaseAddress): Promise<JsonObject> {
  const session = { applicationName: applicationName(context) };
  const counted = await withClient(back, session, (client) =>
    countAppliedChanges(client, context.plan.protectedTables),
  );
  return JSON.parse(JSON.stringify(counted)) as JsonObject;
}

/** The same answer for every protected table: why nothing was counted. */
export function uncountedCustomers(context: StepContext, unknown: string): JsonObject {
  return Object.fromEntries(
    context.plan.protectedTables.map((table) => [canonicalTableName(table), { unknown }]),
  );
}

/** Why there is no number on the slow way back. */
export const COPIED_WHOLE =
  'the return database or the stream into it was gone: the tables were copied over whole';

/**
 * Of a rollback whose stream is drained and at rest: what customers had changed. Counted when they are served again, where
 * that was not done behind the fence, and noted as the mark `customers` before the return database forgets it.
 */
export async function customersBroughtBack(
  context: StepContext,
  returned: DatabaseAddress,
): Promise<JsonObject> {
  const { drained, customers } = context.marks;
  const known = customers ?? (drained?.customers as JsonObject | undefined);
  if (known !== undefined) return known;
  const counted =
    drained?.restoredOid === undefined
      ? await countCustomers(context, returned)
      : uncountedCustomers(context, COPIED_WHOLE);
  await context.mark('customers', counted);
  return counted;
}

/** Of a run whose way back is closed now: what customers have changed until here. Drained first; noted as `customers`. */
export async function customersUntilClosed(
  context: StepContext,
  sides: ReturnSides,
  stream: ReplicationStream,
): Promise<JsonObject> {
  const { customers } = context.marks;
  if (customers !== undefined) return customers;
  const late = await notDrained(context, sides, stream);
  const counted =
    late === undefined ? await countCustomers(context, sides.return) : uncountedCustomers(context, late);
  await context.mark('customers', counted);
  return counted;
}

/** Why not everything has arrived; a stream that stands still is no reason not to close the way back. */
async function notDrained(
  context: StepContext,
  sides: ReturnSides,
  stream: ReplicationStream,
): Promise<string | undefined> {
  const session = { applicationName: applicationName(context) };
  return withClient(sides.live, session, (publisher) =>
    withClient(sides.return, session, async (subscriber) => {
      const { verdict, reasons } = await streamHealth({ publisher, subscriber }, stream);
      if (verdict !== 'open') return `the stream did not run at the end: ${reasons.join('; ')}`;
      try {
        await drainTo({ publisher, subscriber }, stream, { timeoutMs: FENCE_TIMEOUT_MS });
        return undefined;
      } catch (error) {
        if (!(error instanceof Failed) || error.code !== 'drain-timed-out') throw error;
        return error.seen;
      }
    }),
  );
}
