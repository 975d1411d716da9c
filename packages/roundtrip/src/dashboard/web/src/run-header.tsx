import type { ComponentChildren } from 'preact';
import type { DashboardView } from '../../view/dashboard-view.ts';
import { Banner } from './banner.tsx';
import { clock, length, short } from './format.ts';
import type { Language, Words } from './words.ts';

interface HeaderProps {
  readonly t: Words;
  readonly language: Language;
  readonly view: DashboardView;
  readonly nowMs: number;
}

/** Which run this is and where it stands; the kind of run by word, pattern and frame, not by colour alone. */
export function RunHeader({ t, language, view, nowMs }: HeaderProps) {
  const { kind, target } = view;
  const late = view.rollbackDeadlineMs !== null && view.endedMs === null && nowMs > view.rollbackDeadlineMs;
  return (
    <header class={`run ${kind}`}>
      <div class="kind">
        <span class="badge">
          {kind === 'live' ? '●' : '↺'} {t[kind]}
        </span>
        <span class="note">{kind === 'live' ? t.liveNote : t.rehearsalNote}</span>
      </div>
      <h1 lang="en">{view.title}</h1>
      {view.waitsFor === null ? null : (
        <Banner kind="alert" title={`${t.waits}: ${view.waitsFor.title}.`}>
          {t.inTerminal} <code>{view.waitsFor.command}</code>
        </Banner>
      )}
      {view.rollback === null ? null : <Rollback t={t} language={language} rollback={view.rollback} />}
      {late ? <Banner kind="alert" title={t.deadlinePassed} /> : null}
      <dl class="facts">
        <Fact name={t.target}>
          {target.name} <small>({t[target.environment]})</small>
        </Fact>
        <Fact name={t.phase}>
          <Phase t={t} view={view} />
        </Fact>
        <Fact name={t.maintenance}>
          <span class={`maintenance ${view.maintenance}`}>{t[view.maintenance]}</span>
        </Fact>
        {view.writersWaited === null ? null : (
          <Fact name={t.writersWaited}>
            <Waited t={t} language={language} waited={view.writersWaited} />
          </Fact>
        )}
        <Ending t={t} view={view} nowMs={nowMs} language={language} />
        <Fact name={t.database}>
          <code>{target.database}</code>
        </Fact>
        <Fact name={t.cluster}>
          <code>
            {Object.entries(target.identity)
              .map(([name, value]) => `${name} ${String(value)}`)
              .join(', ')}
          </code>
        </Fact>
        {view.releases === null ? null : (
          <Fact name={t.releases}>
            {view.releases.from} → {view.releases.to}
          </Fact>
        )}
        <Fact name={t.operator}>
          {view.operator}
          <small>
            {' '}
            ({view.operating === null ? t.nobody : `${view.operating.verb}, ${view.operating.operator}`})
          </small>
        </Fact>
        <Fact name={t.plan}>
          <code title={view.planHash}>{short(view.planHash)}</code>
        </Fact>
        <Fact name={t.journal}>
          <code title={view.head.hash}>
            {view.head.n} · {short(view.head.hash)}
          </code>
        </Fact>
        {view.overrides.map(({ what, reason, operator }) => (
          <Fact key={what} name={`${t.overrides}: ${what}`}>
            <span lang="en">
              {reason} ({operator})
            </span>
          </Fact>
        ))}
      </dl>
    </header>
  );
}

function Fact(props: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd>{props.children}</dd>
    </div>
  );
}

function Phase({ t, view }: Pick<HeaderProps, 't' | 'view'>) {
  if (view.phase === 'ended' && view.verdict !== null) return <strong>{t[view.verdict]}</strong>;
  return (
    <>
      <strong>{t[view.phase]}</strong>
      {view.current === null ? null : <span lang="en"> · {view.current.title}</span>}
    </>
  );
}

function Waited(props: {
  readonly t: Words;
  readonly language: Language;
  readonly waited: NonNullable<DashboardView['writersWaited']>;
}) {
  const { t, language, waited } = props;
  if (waited.switchMs === null) return <>{t.notSwitchedYet}</>;
  return (
    <>
      {length(waited.switchMs, language)} <small>{t.atTheSwitch}</small>
      {waited.rollbackMs === null ? null : (
        <>
          , {length(waited.rollbackMs, language)} <small>{t.onTheWayBack}</small>
        </>
      )}
    </>
  );
}

function Ending({ t, language, view, nowMs }: HeaderProps) {
  const zone = view.window?.zone;
  if (view.endedMs !== null)
    return (
      <Fact name={t.ended}>
        {clock(view.endedMs, zone, nowMs)} <small>({length(view.endedMs - view.startedMs, language)})</small>
      </Fact>
    );
  if (view.forecast === null) return <Fact name={t.forecast}>–</Fact>;
  const endMs = Math.max(view.forecast.endMs, nowMs);
  return (
    <Fact name={t.forecast}>
      {clock(endMs, zone, nowMs)}{' '}
      <small>({view.forecast.from === 'rehearsal' ? t.basedOnRehearsal : t.basedOnPlan})</small>
    </Fact>
  );
}

function Rollback(props: {
  readonly t: Words;
  readonly language: Language;
  readonly rollback: NonNullable<DashboardView['rollback']>;
}) {
  const { t, language, rollback } = props;
  const took = rollback.tookMs === null ? '' : `, ${t.rolledBackIn} ${length(rollback.tookMs, language)}`;
  return (
    <Banner
      kind="status"
      title={`◀ ${t.rollingBack} (${rollback.automatic ? t.automatic : t.onRequest}${took}):`}
    >
      <span lang="en">{rollback.reason}</span>
    </Banner>
  );
}
