import type { DashboardView } from '../../view/dashboard-view.ts';
import { clock } from './format.ts';
import type { Words } from './words.ts';

/** The lines of the timeline as words: for screen readers, for print, and where they are outside the scale. */
export function Deadlines(props: {
  readonly t: Words;
  readonly view: DashboardView;
  readonly nowMs: number;
}) {
  const { t, view, nowMs } = props;
  const { window, rollbackDeadlineMs, pointOfNoReturn } = view;
  const zone = window?.zone;
  return (
    <dl class="facts deadlines">
      <div>
        <dt>{t.started}</dt>
        <dd>{clock(view.startedMs, zone, nowMs)}</dd>
      </div>
      {window === null ? null : (
        <div>
          <dt>{t.window}</dt>
          <dd>
            {clock(window.startMs, zone, nowMs)} – {clock(window.endMs, zone, nowMs)} <small>{zone}</small>
          </dd>
        </div>
      )}
      <div>
        <dt>{t.deadline}</dt>
        <dd>{rollbackDeadlineMs === null ? t.deadlineUnknown : clock(rollbackDeadlineMs, zone, nowMs)}</dd>
      </div>
      <div>
        <dt>{t.noReturn}</dt>
        <dd>
          {pointOfNoReturn === null ? (
            t.noNoReturn
          ) : (
            <>
              <span lang="en">{pointOfNoReturn.title}</span>, {clock(pointOfNoReturn.atMs, zone, nowMs)}
            </>
          )}
        </dd>
      </div>
    </dl>
  );
}
