import type { DashboardView } from '../../view/dashboard-view.ts';
import { clock, length, megabytes } from './format.ts';
import type { Language, Words } from './words.ts';

/** A shape beside the colour: who cannot tell red from green still can tell these. */
const SHAPES = { open: '●', 'at-risk': '▲', closed: '■', 'not-needed': '○' } as const;

/** Whether a rollback would work now, and why. */
export function WayBack(props: {
  readonly t: Words;
  readonly language: Language;
  readonly view: DashboardView;
  readonly nowMs: number;
}) {
  const { t, language, view, nowMs } = props;
  const { wayBack, rollbackMs } = view;
  return (
    <section class="way-back" aria-labelledby="way-back-title">
      <h2 id="way-back-title">{t.wayBack}</h2>
      <p class={`light ${wayBack.light}`} role="status">
        <span aria-hidden="true">{SHAPES[wayBack.light]}</span> {t[wayBack.light]}
      </p>
      <ul lang="en">
        {wayBack.reasons.map((reason) => (
          <li key={reason}>{reason}</li>
        ))}
      </ul>
      <p>{rollbackMs === null ? t.notRehearsed : `${t.rehearsedIn} ${length(rollbackMs, language)}.`}</p>
      {wayBack.retainedBytes === null ? null : (
        <p>
          {t.walKept} {megabytes(wayBack.retainedBytes)}
          {wayBack.capBytes === null ? '' : ` ${t.of} ${megabytes(wayBack.capBytes)}`}
          {wayBack.lagBytes === null ? '' : `, ${t.behind} ${megabytes(wayBack.lagBytes)}`}
        </p>
      )}
      {wayBack.lookedAtMs === null ? null : (
        <p>
          <small>
            {t.lookedAt} {clock(wayBack.lookedAtMs, view.window?.zone, nowMs)}
          </small>
        </p>
      )}
    </section>
  );
}
