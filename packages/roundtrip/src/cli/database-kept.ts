import type { RunState } from '../journal/fold.ts';

/**
 * A line about the database that a run has put aside and left to the operator to drop; nothing where there is none.
 * Only names that the journal proves: a rollback retires the migrated one, side by side `finish` keeps the old one.
 *
 * @example databaseKept(state) // 'kept: shop_retired_387f, the migrated database, closed to everybody …; drop it once nobody asks why\n'
 */
export function databaseKept(state: RunState): string {
  for (const { undo, finish } of Object.values(state.steps)) {
    const { kept } = finish.evidence;
    if (state.verdict === 'finished' && typeof kept === 'string')
      return `kept: ${kept}, the database of before; drop it once nobody needs it\n`;
    const { retiredName } = undo.evidence;
    if (state.verdict === 'rolled-back' && typeof retiredName === 'string') {
      const until =
        state.started.kind === 'live' ? 'drop it once nobody asks why' : 'the next rehearsal drops it';
      const holds = wasWritten(state)
        ? '; IT HOLDS ROWS THAT PRODUCTION NO LONGER HAS: the migration wrote them, or clients past the maintenance; compare first'
        : '';
      return `kept: ${retiredName}, the migrated database, closed to everybody (ALTER DATABASE … ALLOW_CONNECTIONS true)${holds}; ${until}\n`;
    }
  }
  return '';
}

/** The proof found rows that were not there at the backup: a rollback leaves them in the migrated database. */
function wasWritten({ steps }: RunState): boolean {
  return Object.values(steps).some(({ do: { error } }) => error?.code === 'protected-table-changed');
}
