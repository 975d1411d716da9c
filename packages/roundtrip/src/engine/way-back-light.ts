import { asRoundtripError } from '../errors.ts';
import { type RunState, stepState } from '../journal/fold.ts';
import { stepOfKind } from '../journal/table-proof.ts';
import type { Json, JsonObject } from '../json.ts';
import { withClient } from '../postgres/connection.ts';
import {
  countAppliedChanges,
  foreignKeyAntiJoins,
  inspectReverse,
  type ReplicationStream,
} from '../postgres/replication/index.ts';
import type { CountedChanges } from '../postgres/row-changes.ts';
import { databaseByOid } from '../postgres/switch.ts';
import type { Plan } from '../runbook/plan.ts';
import { adminAddress } from '../steps/target-databases.ts';

/** Whether a rollback would work now, and what it would take. Sizes in bytes. */
export interface WayBackLight {
  readonly light: 'open' | 'at-risk' | 'closed';
  /** Why it is not open, as sentences. */
  readonly reasons: readonly string[];
  readonly retainedBytes: number | null;
  readonly capBytes: number | null;
  readonly lagBytes: number | null;
  /** As rehearsed; null without a receipt. */
  readonly rollbackMs: number | null;
  /** What it has brought along of each protected table so far; null where it cannot be looked at. */
  readonly customers: Readonly<Record<string, CountedChanges>> | null;
}

const UNKNOWN = { retainedBytes: null, capBytes: null, lagBytes: null, customers: null };

/**
 * Looks at the way back of a live run that succeeded, or whose new release serves while it is watched: the return database, the stream that keeps it in step, and rows
 * that the old schema has no place for. What cannot be looked at is at risk, never open.
 */
export async function wayBackLight(
  plan: Plan,
  state: RunState,
  rollbackMs: number | undefined,
): Promise<WayBackLight> {
  const base = { ...UNKNOWN, rollbackMs: rollbackMs ?? null };
  if (state.verdict === 'finished' || state.direction === 'closing')
    return { ...base, light: 'closed', reasons: ['it was closed by `roundtrip finish`'] };
  if (state.verdict === undefined && state.direction === 'back')
    return { ...base, light: 'at-risk', reasons: [goingBack(plan, state)] };
  if (state.verdict !== 'succeeded' && !isKeptInStep(plan, state))
    return { ...base, light: 'closed', reasons: [`the run is ${state.verdict ?? 'under way'}`] };
  try {
    return await look(plan, state, base);
  } catch (thrown) {
    return {
      ...base,
      light: 'at-risk',
      reasons: [`it cannot be looked at: ${asRoundtripError(thrown).seen}`],
    };
  }
}

/** While it is being used the databases are left alone. */
function goingBack(plan: Plan, state: RunState): string {
  const stuck = plan.steps.find(({ id }) => stepState(state, id).undo.phase === 'failed');
  if (stuck === undefined) return 'a rollback is under way';
  const why = stepState(state, stuck.id).undo.error?.seen ?? 'it failed';
  return `the rollback stands still at "${stuck.title}": ${why}`;
}

/** From here on, through smoke tests and 24 h of watch, customers write and the way back is what there is to go by. */
function isKeptInStep(plan: Plan, state: RunState): boolean {
  if (state.verdict !== undefined || state.direction !== 'forward') return false;
  return ['switch-over', 'return-stream'].some((kind) => {
    const step = stepOfKind(plan, kind);
    return step !== undefined && stepState(state, step.id).do.phase === 'verified';
  });
}

async function look(
  plan: Plan,
  state: RunState,
  base: Omit<WayBackLight, 'light' | 'reasons'>,
): Promise<WayBackLight> {
  // Side by side, the switch itself leaves both; in place the backup and the stream do.
  const switched = evidenceOf(plan, state, 'switch-over');
  const backup = switched.returnOid === undefined ? evidenceOf(plan, state, 'backup') : switched;
  const returnName = await withClient(
    adminAddress(plan.target),
    { applicationName: 'roundtrip status' },
    (client) => databaseByOid(client, String(backup.returnOid ?? 0)),
  );
  if (returnName === undefined)
    return {
      ...base,
      light: 'at-risk',
      reasons: [
        'the return database is gone: a rollback restores the backup and copies what customers wrote into it, which takes minutes instead of seconds',
      ],
    };
  const stream = (switched.stream ?? evidenceOf(plan, state, 'return-stream').stream) as unknown as
    | ReplicationStream
    | undefined;
  if (stream === undefined)
    return {
      ...base,
      light: 'at-risk',
      reasons: ['no stream keeps the return database in step: a rollback loses what was written since'],
    };
  const sides = { live: plan.target.database, return: { ...plan.target.database, database: returnName } };
  const health = await inspectReverse(sides, stream);
  const homeless = await rowsWithoutPlace(plan, sides.return, stream);
  const slow =
    health.verdict === 'closed'
      ? ['a rollback copies the tables whole, which takes minutes instead of seconds and loses nothing']
      : [];
  const reasons = [...health.reasons, ...slow, ...homeless];
  const light = health.verdict === 'open' && homeless.length === 0 ? 'open' : 'at-risk';
  const { retainedBytes, capBytes, lagBytes } = health.slot;
  const customers = await withClient(sides.return, { applicationName: 'roundtrip status' }, (client) =>
    countAppliedChanges(client, plan.protectedTables),
  );
  return { ...base, light, reasons, retainedBytes, capBytes, lagBytes, customers };
}

/** Rows that came along and refer to nothing there, where the runbook has no mapping for them. */
async function rowsWithoutPlace(
  plan: Plan,
  back: Parameters<typeof withClient>[0],
  stream: ReplicationStream,
): Promise<string[]> {
  const step = stepOfKind(plan, 'switch-over') ?? stepOfKind(plan, 'return-stream');
  const mapping = (step?.args.mapping ?? []) as readonly Json[];
  if (mapping.length > 0) return [];
  const broken = await withClient(back, { applicationName: 'roundtrip status' }, (client) =>
    foreignKeyAntiJoins(client, { tables: stream.tables.map(({ table }) => table) }),
  );
  return broken.map(
    ({ constraint, table, rows }) =>
      `${rows} rows of ${table} have no place in the old schema (${constraint}), and the runbook has no reverse mapping`,
  );
}

function evidenceOf(plan: Plan, state: RunState, kind: string): JsonObject {
  const step = stepOfKind(plan, kind);
  return step === undefined ? {} : stepState(state, step.id).do.evidence;
}
