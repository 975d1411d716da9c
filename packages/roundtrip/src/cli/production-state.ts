import { type ActState, type RunState, stepState } from '../journal/fold.ts';

/**
 * What state production is in, from the journal alone: the first thing that is told, with every error, too.
 *
 * @example productionState(state) // 'production serves the new release; the way back is open'
 */
export function productionState(state: RunState): string {
  const where = state.started.kind === 'live' ? 'production' : 'staging (production was only read)';
  if (state.verdict === 'succeeded') return `${where} serves the new release; the way back is open`;
  if (state.verdict === 'finished') return `${where} serves the new release; the way back is closed`;
  if (state.verdict === 'rolled-back') return `${where} serves the previous release again`;
  if (state.verdict === 'failed-unchanged') return `${where} was not changed`;
  if (!touched(state)) return `${where} was not changed yet`;
  const begun = Object.entries(state.steps)
    .filter(([, step]) => step.do.phase !== 'pending')
    .map(([id]) => id);
  const closed =
    begun.includes('maintenance-on') &&
    stepState(state, 'maintenance-off').do.phase === 'pending' &&
    stepState(state, 'maintenance-on').undo.phase === 'pending';
  const direction =
    state.direction === 'back'
      ? 'half-way back'
      : `half-way forward, last step begun: ${begun.at(-1) ?? 'none'}`;
  return `${where} is ${direction}${reached(state)}${closed ? '; MAINTENANCE IS ON' : ''}`;
}

/** Which database clients reach once names were exchanged, or are being. */
function reached(state: RunState): string {
  for (const step of Object.values(state.steps)) {
    const { do: there, undo: back } = step;
    const act = back.phase === 'pending' ? there : back;
    const noted = (name: string): boolean => act.marks[name] !== undefined;
    if (noted('retired') && !noted('renamed')) return '; THE LIVE NAME MAY BELONG TO NO DATABASE: resume now';
    if (mayBeClosed(there, back)) return '; THE DATABASE MAY BE CLOSED TO CLIENTS: resume now';
    if (act === back && noted('renamed')) return '; clients reach the previous database again';
    if (there.marks.renamed !== undefined) return '; clients reach the migrated database';
  }
  return '';
}

/** Cannot be opened again, as far as the act got that failed. */
const STAYS_CLOSED = new Set(['stand-down-failed', 'connection-failed']);

/**
 * Whether a fence that was closed may still be: until the act that closed it has its effect, or has failed in a way that says
 * that the database was opened again. A way back that failed before its own fence leaves that of the way there.
 */
function mayBeClosed(there: ActState, back: ActState): boolean {
  const act = hasFenced(back) ? back : there;
  if (!hasFenced(act) || hasEffect(back) || hasEffect(act)) return false;
  if (act.phase !== 'failed') return true;
  // Drained means that the exchange was next: one that failed behind the fence leaves it closed.
  return STAYS_CLOSED.has(act.error?.code ?? '') || act.marks.drained !== undefined;
}

/** A drain notes `closing`, an exchange of names `fencing`. */
function hasFenced({ marks }: ActState): boolean {
  return marks.closing !== undefined || marks.fencing !== undefined;
}

function hasEffect({ phase }: ActState): boolean {
  return phase === 'effected' || phase === 'verified';
}

/** Whether any step has been begun, other than those that wait for a human. */
function touched(state: RunState): boolean {
  return Object.values(state.steps).some((step) => step.do.phase !== 'pending');
}
