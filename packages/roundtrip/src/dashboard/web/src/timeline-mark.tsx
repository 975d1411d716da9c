import type { DashboardView } from '../../view/dashboard-view.ts';
import type { Scale } from './scale.ts';
import type { Words } from './words.ts';

/** A line across the timeline: a moment that counts for every step. */
export interface TimelineMark {
  readonly name: 'window-start' | 'window-end' | 'deadline' | 'no-return' | 'now' | 'rollback';
  readonly label: string;
  readonly atMs: number;
}

/** The lines that a run has at this moment, in the order in which their labels stand. */
export function marksOf(t: Words, view: DashboardView, nowMs: number): TimelineMark[] {
  const marks: TimelineMark[] = [];
  const { window } = view;
  if (window !== null) marks.push({ name: 'window-start', label: t.windowStart, atMs: window.startMs });
  if (view.pointOfNoReturn !== null)
    marks.push({ name: 'no-return', label: t.noReturn, atMs: view.pointOfNoReturn.atMs });
  if (view.rollback !== null)
    marks.push({ name: 'rollback', label: t.rollingBack, atMs: view.rollback.atMs });
  if (view.rollbackDeadlineMs !== null)
    marks.push({ name: 'deadline', label: t.deadline, atMs: view.rollbackDeadlineMs });
  if (window !== null) marks.push({ name: 'window-end', label: t.windowEnd, atMs: window.endMs });
  if (view.endedMs === null) marks.push({ name: 'now', label: t.now, atMs: nowMs });
  return marks;
}

export function MarkLabel({ mark, scale }: { readonly mark: TimelineMark; readonly scale: Scale }) {
  const at = scale.at(mark.atMs);
  // Anchored towards the middle, so that no label leaves the page.
  const style = at > 55 ? { right: `${100 - at}%` } : { left: `${at}%` };
  return (
    <div class="label">
      <span class={mark.name} style={style}>
        {mark.label}
      </span>
    </div>
  );
}
