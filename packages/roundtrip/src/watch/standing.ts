import { doubtsOf } from './conclude-watch.ts';
import { judgeGoal } from './judge-goal.ts';
import type { SettledWatch } from './settled-watch.ts';
import type { Standing } from './watch-event.ts';
import type { WatchNote, WatchState } from './watch-state.ts';

/** What people were told last, and another standing that has not stood long enough to be told. */
export interface Trail {
  readonly told: Standing;
  readonly other?: { readonly standing: Standing; readonly sinceMs: number } | undefined;
}

const STANDS_MS = 600_000;
/** Of a short watch, the part of its time that a standing must stand. */
const STANDS_SHARE = 0.05;

/**
 * How a watch stands after the samples so far: `broken` when something is shown to be wrong, `held` when every goal is
 * shown to hold and data comes in, `open` otherwise. It is no verdict: that takes the whole time.
 *
 * @example standingOf(settled, state) // { standing: 'open', reason: 'error rate < 1 % is not shown: …' }
 */
export function standingOf(
  settled: SettledWatch,
  state: WatchState,
): { readonly standing: Standing; readonly reason: string } {
  if (state.decision !== undefined) return { standing: 'broken', reason: state.decision.reason };
  const goals = settled.plan.goals.map((goal) => judgeGoal(settled, state, goal));
  const broken = goals.filter(({ result }) => result === 'broken');
  if (broken.length > 0)
    return { standing: 'broken', reason: broken.map(({ goal, seen }) => `${goal}: ${seen}`).join('; ') };
  const gap = state.gaps.at(-1);
  const isInGap = gap !== undefined && gap.toMs === state.atMs;
  const doubts = [...(isInGap ? [`no data now (${gap.reason})`] : []), ...doubtsOf(settled, state, goals)];
  if (doubts.length > 0) return { standing: 'open', reason: doubts.join('; ') };
  return { standing: 'held', reason: goals.map(({ goal, seen }) => `${goal}: ${seen}`).join('; ') };
}

/** The trail of a watch that begins, or goes on after this standing was told. */
export function beginTrail(told: Standing): Trail {
  return { told };
}

/**
 * Follows the standing: a change is told once it has stood for ten minutes of watch time (a twentieth of a short watch),
 * since near a limit each request may turn it. What is broken is told at once.
 */
export function advance(
  settled: SettledWatch,
  state: WatchState,
  trail: Trail,
): {
  readonly trail: Trail;
  readonly changed?: { readonly level: WatchNote['level']; readonly text: string } | undefined;
} {
  const { standing, reason } = standingOf(settled, state);
  if (standing === trail.told) return { trail: { told: trail.told } };
  const atMs = state.atMs ?? 0;
  const other = trail.other?.standing === standing ? trail.other : { standing, sinceMs: atMs };
  const standsMs = Math.min(STANDS_MS, settled.plan.durationMs * STANDS_SHARE);
  if (standing !== 'broken' && atMs - other.sinceMs < standsMs) return { trail: { told: trail.told, other } };
  const level = standing === 'broken' ? 'decide' : standing === 'open' ? 'investigate' : 'info';
  return { trail: { told: standing }, changed: { level, text: `${trail.told} → ${standing}: ${reason}` } };
}
