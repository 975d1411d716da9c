import { useEffect, useState } from 'preact/hooks';
import { Banner } from './banner.tsx';
import { type Followed, follow, NOTHING_HEARD } from './follow.ts';
import { clock } from './format.ts';
import { RunHeader } from './run-header.tsx';
import { RunPicker } from './run-picker.tsx';
import { StepDrawer } from './step-drawer.tsx';
import { Tables } from './tables.tsx';
import { Timeline } from './timeline.tsx';
import { Watch } from './watch.tsx';
import { WayBack } from './way-back.tsx';
import { firstLanguage, type Language, type Words, wordsOf } from './words.ts';

/** The page: one run, chosen or the newest, drawn from what the server last said. */
export function App() {
  const [language, setLanguage] = useState<Language>(firstLanguage);
  const [run, setRun] = useState(new URLSearchParams(location.search).get('run') ?? '');
  const [heard, setHeard] = useState<Followed>(NOTHING_HEARD);
  const [step, setStep] = useState<string | null>(null);
  const nowMs = useNow(heard);
  useEffect(() => {
    setHeard((before) => ({ ...NOTHING_HEARD, runs: before.runs }));
    return follow(run, setHeard);
  }, [run]);
  const t = wordsOf(language);
  const { view, runs, problem, stale } = heard;
  useEffect(
    () => dress(view?.kind, view === null ? t.title : `${t[view.kind]} · ${view.title}`, language),
    [view?.kind, view?.title, language],
  );
  const turn = (): void => {
    const next = language === 'en' ? 'ru' : 'en';
    localStorage.setItem('language', next);
    setLanguage(next);
  };
  return (
    <>
      <a class="skip" href="#timeline">
        {t.skip}
      </a>
      <nav class="bar" aria-label={t.title}>
        <strong>{t.title}</strong>
        {runs !== null && runs.length > 0 ? <RunPicker t={t} runs={runs} run={run} choose={setRun} /> : null}
        <button type="button" class="quiet" lang={language === 'en' ? 'ru' : 'en'} onClick={turn}>
          {t.language}
        </button>
      </nav>
      <main id="content">
        {stale ? (
          <Banner
            kind="alert"
            title={`${t.stale} ${clock(heard.heardMs + heard.skewMs, view?.window?.zone, heard.heardMs)}`}
          >
            {t.staleNext}
          </Banner>
        ) : null}
        {problem === null ? null : (
          <Banner kind="alert" title={t.problem}>
            <span lang="en">
              {problem.seen}. {t.next}: {problem.next} ({problem.code})
            </span>
          </Banner>
        )}
        {view === null ? (
          <p class="empty">
            {problem !== null ? '' : runs !== null && runs.length === 0 ? t.noRuns : t.connecting}
          </p>
        ) : (
          <>
            <RunHeader t={t} language={language} view={view} nowMs={nowMs} />
            <Timeline t={t} language={language} view={view} nowMs={nowMs} open={setStep} />
            <div class="columns">
              <WayBack t={t} language={language} view={view} nowMs={nowMs} />
              <Tables t={t} tables={view.tables} changes={view.changes} />
            </div>
            {view.watch === null ? null : <Watch t={t} language={language} watch={view.watch} />}
            {step === null ? null : (
              <StepDrawer t={t} language={language} view={view} step={step} close={() => setStep(null)} />
            )}
          </>
        )}
      </main>
      <footer>{t.readOnly}</footer>
      <p class="hidden" aria-live="polite">
        {view === null ? '' : spoken(t, heard)}
      </p>
    </>
  );
}

/** What a screen reader says when it changes: the phase and the step under way, and nothing that ticks. */
function spoken(t: Words, { view }: Followed): string {
  if (view === null) return '';
  const phase = view.phase === 'ended' && view.verdict !== null ? t[view.verdict] : t[view.phase];
  return `${t[view.kind]}: ${phase}${view.current === null ? '' : `, ${view.current.title}`}`;
}

/** A clock that ticks once a second, on the server's time; it stands still while the data is stale. */
function useNow(heard: Followed): number {
  const [ms, setMs] = useState(Date.now());
  useEffect(() => {
    if (heard.stale) return;
    const timer = setInterval(() => setMs(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, [heard.stale]);
  return Math.max(ms, heard.heardMs) + heard.skewMs;
}

/** Title, icon and frame say which kind of run this is, so that two tabs cannot be confused. */
function dress(kind: 'live' | 'rehearsal' | undefined, title: string, language: Language): void {
  document.title = title;
  document.documentElement.lang = language;
  document.documentElement.dataset.kind = kind ?? 'none';
  document
    .querySelector<HTMLLinkElement>('link[rel=icon]')
    ?.setAttribute('href', `/icons/${kind ?? 'idle'}.svg`);
}
