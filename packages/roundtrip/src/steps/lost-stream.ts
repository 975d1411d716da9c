import { Failed } from '../errors.ts';
import { withClient } from '../postgres/connection.ts';
import { openDatabase } from '../postgres/fence.ts';
import { inspectReverse } from '../postgres/replication/index.ts';
import type { ReturnStreamOf } from './drain-back.ts';
import type { StepContext } from './step-kind.ts';
import { adminAddress, applicationName } from './target-databases.ts';

/**
 * Whether a stream will never again bring anything: its slot, the WAL that it needs, or its subscription is gone. What it
 * would have brought is still in the live database, and is copied from there. A live database that an attempt left
 * closed is opened.
 *
 * @example if (await lostStream(context, { sides, stream })) await carryBehindFence(context, { … })
 */
export async function lostStream(context: StepContext, { sides, stream }: ReturnStreamOf): Promise<boolean> {
  const session = { applicationName: applicationName(context) };
  await withClient(adminAddress(context.plan.target), session, (admin) =>
    openDatabase(admin, sides.live.database),
  );
  const { verdict, reasons } = await inspectReverse(sides, stream);
  if (verdict !== 'closed') return false;
  context.log(`the stream into ${sides.return.database} is lost: ${reasons.join('; ')}`);
  return true;
}

/**
 * Adds, to a failure of a stream that exists and does not bring what it should, how an operator gives it up: without a
 * subscription the next attempt copies the tables whole. Other errors are returned as they are.
 *
 * @example catch (error) { throw withWayOut(error, { sides, stream }) }
 */
export function withWayOut(error: unknown, { sides, stream }: ReturnStreamOf): unknown {
  if (!(error instanceof Failed) || !['drain-timed-out', 'reverse-differs'].includes(error.code))
    return error;
  const subscription = `SUBSCRIPTION ${stream.subscription}`;
  const commands = [
    `ALTER ${subscription} DISABLE`,
    `ALTER ${subscription} SET (slot_name = NONE)`,
    `DROP ${subscription}`,
  ].map((sql) => `-c '${sql}'`);
  const { code, seen, expected, next, fields } = error;
  const room =
    code === 'drain-timed-out'
      ? `; where its server log says that a row is not taken, make room for it in ${sides.return.database} (ALTER TYPE … ADD VALUE, ALTER TABLE …): the stream goes on by itself`
      : '';
  return new Failed({
    code,
    seen,
    expected,
    next: `${next}${room}; or have the tables copied whole, which takes minutes and loses nothing: psql -d ${sides.return.database} ${commands.join(' ')}, then \`roundtrip resume\``,
    fields,
    cause: error,
  });
}
