import { useState } from 'preact/hooks';
import type { ActView, DashboardView, StepView } from '../../view/dashboard-view.ts';
import { Deadlines } from './deadlines.tsx';
import { clock, length } from './format.ts';
import { Legend } from './legend.tsx';
import { firstScale, type Scale, type ScaleName, scaleOf, ticksOf } from './scale.ts';
import { MarkLabel, marksOf, type TimelineMark } from './timeline-mark.tsx';
import type { Language, Words } from './words.ts';

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
  readonly marks: readonly TimelineMark[];
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
