import { useState } from 'preact/hooks';
import type { ActView, DashboardView, StepView } from '../../view/dashboard-view.ts';
import { clock, length } from './format.ts';
import { firstScale, type Scale, type ScaleName, scaleOf, ticksOf } from './scale.ts';
import type { Language, Words } from './words.ts';

interface Mark {
  readonly name: 'window-start' | 'window-end' | 'deadline' | 'no-return' | 'now' | 'rollback';
  readonly label: string;
  readonly atMs: number;
}

interface TimelineProps {
  readonly t: Words;
  readonly language: Language;
  readonly view: DashboardView;
  readonly nowMs: number;
  readonly open: (step: string) => void;
}

/** Every step with its planned bar ghosted behind the actual one, and the lines that the night must keep to. */
export function Timeline({ t, language, view, nowMs, open }: TimelineProps) {
  const [chosen, setChosen] = useState<ScaleName | null>(null);
  const name = chosen ?? firstScale(view, nowMs);
  const scale = scaleOf(name, view, nowMs);
  const marks = marksOf(t, view, nowMs);
  const names: readonly (readonly [ScaleName, string])[] = [
    ['night', t.scaleNight],
    ['plan', t.scalePlan],
    ['actual', t.scaleActual],
  ];
  const shown = marks.filter(({ atMs }) => scale.shows(atMs));
  return (
    <section class="timeline" id="timeline" aria-labelledby="timeline-title" tabIndex={-1}>
      <div class="head">
        <h2 id="timeline-title">{t.timeline}</h2>
        <fieldset class="scales">
          <legend>{t.scale}</legend>
          {names.map(([value, label]) => (
            <label key={value}>
              <input
                type="radio"
                name="scale"
                value={value}
                checked={name === value}
                disabled={value === 'night' && view.window === null}
                onChange={() => setChosen(value)}
              />
              {label}
            </label>
          ))}
        </fieldset>
        <Legend t={t} />
      </div>
      <table>
        <thead>
          <tr>
            <th scope="col">{t.step}</th>
            <th scope="col" class="wide">
              {t.owner}
            </th>
            <th scope="col" class="number wide">
              {t.planned}
            </th>
            <th scope="col" class="number">
              {t.actual}
            </th>
            <th scope="col">{t.state}</th>
            <th scope="col" class="bars">
              <span class="hidden">{t.bars}</span>
              <div class="labels" aria-hidden="true">
                {shown.map((mark) => (
                  <MarkLabel key={mark.name} mark={mark} scale={scale} />
                ))}
                <div class="ticks">
                  {ticksOf(scale).map((at) => (
                    <span key={at} style={{ left: `${scale.at(at)}%` }}>
                      {clock(at, view.window?.zone, at).slice(0, scale.toMs - scale.fromMs > 600_000 ? 5 : 8)}
                    </span>
                  ))}
                </div>
              </div>
            </th>
          </tr>
        </thead>
        <tbody>
          {view.steps.map((step) => (
            <Row
              key={step.id}
              t={t}
              language={language}
              step={step}
              scale={scale}
              marks={shown}
              nowMs={nowMs}
              open={open}
            />
          ))}
        </tbody>
      </table>
      <Deadlines t={t} view={view} nowMs={nowMs} />
    </section>
  );
}

function Row(props: {
  readonly t: Words;
  readonly language: Language;
  readonly step: StepView;
  readonly scale: Scale;
  readonly marks: readonly Mark[];
  readonly nowMs: number;
  readonly open: (step: string) => void;
}) {
  const { t, language, step, scale, marks, nowMs, open } = props;
  const state = stateOf(step);
  const tookMs = tookOf(step.do, nowMs);
  const planned = length(step.plannedMs, language);
  const took = tookMs === null ? '–' : length(tookMs, language);
  return (
    <tr class={`step ${state} ${step.phase}`}>
      <th scope="row">
        <button type="button" class="link" aria-haspopup="dialog" onClick={() => open(step.id)}>
          <span class="hidden">{t.details} </span>
          <span lang="en">{step.title}</span>
        </button>
        {step.effect === 'point-of-no-return' ? (
          <span class="fatal" title={t.noReturn}>
            {' '}
            ⚠<span class="hidden">{t.noReturn}</span>
          </span>
        ) : null}
      </th>
      <td class="wide" lang="en">
        {step.owner}
      </td>
      <td class="number wide">{planned}</td>
      <td class="number">{took}</td>
      <td class="state">
        <span aria-hidden="true">{SIGNS[state]} </span>
        {t[state]}
      </td>
      <td class="bars">
        <div
          class="track"
          role="img"
          aria-label={`${t.planned} ${planned}, ${t.actual} ${took}, ${t[state]}`}
        >
          {marks.map(({ name, atMs }) => (
            <i key={name} class={`mark ${name}`} style={{ left: `${scale.at(atMs)}%` }} />
          ))}
          {step.plannedStartMs === null ? null : (
            <Bar
              kind="planned"
              fromMs={step.plannedStartMs}
              toMs={step.plannedStartMs + step.plannedMs}
              scale={scale}
            />
          )}
          <ActBar act={step.do} kind="done" scale={scale} nowMs={nowMs} />
          <ActBar act={step.undo} kind="undo" scale={scale} nowMs={nowMs} />
          <ActBar act={step.finish} kind="finish" scale={scale} nowMs={nowMs} />
        </div>
      </td>
    </tr>
  );
}

type RowState = 'pending' | 'begun' | 'verified' | 'effected' | 'failed' | 'unclear' | 'undone';

const SIGNS: Readonly<Record<RowState, string>> = {
  pending: '·',
  begun: '▶',
  verified: '✔',
  effected: '✔',
  failed: '✖',
  unclear: '?',
  undone: '◀',
};

function stateOf({ do: done, undo }: StepView): RowState {
  if (undo.phase === 'failed' || done.phase === 'failed')
    return undo.phase === 'effected' ? 'undone' : 'failed';
  if (undo.phase === 'begun' || done.phase === 'begun') return 'begun';
  if (undo.phase === 'effected' || undo.phase === 'verified') return 'undone';
  if (undo.phase === 'unclear' || done.phase === 'unclear') return 'unclear';
  return done.phase === 'absent' ? 'pending' : done.phase;
}

function tookOf(act: ActView, nowMs: number): number | null {
  if (act.phase === 'pending' || act.startMs === null) return null;
  return act.phase === 'begun' ? Math.max(0, nowMs - act.startMs) : act.durationMs;
}

function ActBar(props: {
  readonly act: ActView;
  readonly kind: string;
  readonly scale: Scale;
  readonly nowMs: number;
}) {
  const { act, kind, scale, nowMs } = props;
  if (act.startMs === null) return null;
  const running = act.phase === 'begun';
  const toMs = act.endMs ?? (running ? Math.max(nowMs, act.startMs) : act.startMs + act.durationMs);
  return <Bar kind={`${kind} ${act.phase}`} fromMs={act.startMs} toMs={toMs} scale={scale} />;
}

function Bar(props: {
  readonly kind: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly scale: Scale;
}) {
  const { kind, fromMs, toMs, scale } = props;
  if (toMs < scale.fromMs || fromMs > scale.toMs) return null;
  const left = scale.at(fromMs);
  return (
    <b class={`bar ${kind}`} style={{ left: `${left}%`, width: `${Math.max(0, scale.at(toMs) - left)}%` }} />
  );
}

function MarkLabel({ mark, scale }: { readonly mark: Mark; readonly scale: Scale }) {
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

function marksOf(t: Words, view: DashboardView, nowMs: number): Mark[] {
  const marks: Mark[] = [];
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

/** The same lines as words: for screen readers, for print, and where they are outside the scale. */
function Deadlines({ t, view, nowMs }: Pick<TimelineProps, 't' | 'view' | 'nowMs'>) {
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

function Legend({ t }: { readonly t: Words }) {
  return (
    <ul class="legend" aria-hidden="true">
      <li>
        <b class="bar planned" />
        {t.legendPlanned}
      </li>
      <li>
        <b class="bar done verified" />
        {t.legendDone}
      </li>
      <li>
        <b class="bar done begun" />
        {t.legendRunning}
      </li>
      <li>
        <b class="bar done failed" />
        {t.legendFailed}
      </li>
      <li>
        <b class="bar undo effected" />
        {t.legendUndone}
      </li>
    </ul>
  );
}
