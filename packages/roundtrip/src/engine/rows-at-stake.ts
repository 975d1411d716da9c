import { asRoundtripError } from '../errors.ts';
import { type RunState, stepState } from '../journal/fold.ts';
import { stepOfKind } from '../journal/table-proof.ts';
import { withClient } from '../postgres/connection.ts';
import { canonicalTableName } from '../postgres/table-name.ts';
import { type RowsWritten, rowsWrittenSince, type WriteHorizon } from '../postgres/write-evidence.ts';
import type { Plan } from '../runbook/plan.ts';

/**
 * Rows of protected tables that a rollback would not bring along: written since the backup of a run that let customers in
 * and that keeps no stream. Empty where a stream brings them, where nobody was let in, or where nothing was written. What
 * cannot be counted is `unknown`, and at stake. Rows that were only deleted are not seen.
 *
 * @example await rowsAtStake(plan, state) // { 'public.orders': { rows: '12' } }
 */
export async function rowsAtStake(
  plan: Plan,
  state: RunState,
): Promise<Readonly<Record<string, RowsWritten>>> {
  const kept = ['switch-over', 'return-stream'].some((kind) => stepOfKind(plan, kind) !== undefined);
  const backup = stepOfKind(plan, 'backup');
  if (kept || backup === undefined || state.verdict !== 'succeeded') return {};
  const tables = plan.protectedTables.map(canonicalTableName);
  const all = (unknown: string) => Object.fromEntries(tables.map((table) => [table, { unknown }]));
  const { horizon } = stepState(state, backup.id).do.evidence;
  if (horizon === undefined) return all('the backup noted no horizon');
  try {
    const written = await withClient(
      plan.target.database,
      { applicationName: 'roundtrip rollback' },
      (client) => rowsWrittenSince(client, { horizon: horizon as unknown as WriteHorizon, tables }),
    );
    return Object.fromEntries(
      Object.entries(written).filter(([, count]) => !('rows' in count && count.rows === '0')),
    );
  } catch (error) {
    // A rollback must be possible where production is not: what cannot be asked is unknown.
    return all(asRoundtripError(error).seen);
  }
}
