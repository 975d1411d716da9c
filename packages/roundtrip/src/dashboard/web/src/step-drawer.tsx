import { useEffect, useRef, useState } from 'preact/hooks';
import type { DashboardView } from '../../view/dashboard-view.ts';
import type { StepDetail } from '../../view/step-detail.ts';
import { clock, length } from './format.ts';
import { Scroll } from './scroll.tsx';
import type { Language, Words } from './words.ts';

/** The particulars of one step beside the page. Escape closes it, and the focus goes back where it came from. */
export function StepDrawer(props: {
  readonly t: Words;
  readonly language: Language;
  readonly view: DashboardView;
  readonly step: string;
  readonly close: () => void;
}) {
  const { t, language, view, step, close } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const detail = useDetail(view, step);
  useEffect(() => dialog.current?.showModal(), []);
  const error =
    view.steps.find(({ id }) => id === step)?.do.error ??
    view.steps.find(({ id }) => id === step)?.undo.error ??
    null;
  const title = view.steps.find(({ id }) => id === step)?.title ?? step;
  return (
    <dialog class="drawer" ref={dialog} aria-labelledby="drawer-title" onClose={close}>
      <div class="head">
        <h2 id="drawer-title" lang="en">
          {title}
        </h2>
        <button type="button" onClick={() => dialog.current?.close()}>
          {t.close}
        </button>
      </div>
      {detail === undefined ? (
        <p>{t.connecting}</p>
      ) : (
        <>
          <p>
            <small>
              {detail.kind} · {t.owner}: {detail.owner} · {t.effect}:{' '}
              {t[detail.effect as keyof Words] ?? detail.effect}
            </small>
          </p>
          {error === null ? null : (
            <div class="banner alert" lang="en">
              <strong>{error.code}</strong>: {error.seen}
              <br />
              {t.expected}: {error.expected}
              <br />
              {t.next}: {error.next}
            </div>
          )}
          <h3>{t.command}</h3>
          {detail.command === null ? <p>{t.noCommand}</p> : <Code text={detail.command} label={t.command} />}
          <Attempts t={t} language={language} view={view} detail={detail} />
          <h3>{t.evidence}</h3>
          <Evidence t={t} detail={detail} />
          {detail.log.length === 0 ? null : (
            <>
              <h3>{t.log}</h3>
              <Code text={detail.log.join('\n')} label={t.log} />
            </>
          )}
          <h3>{t.args}</h3>
          <Code text={JSON.stringify(detail.args, null, 2)} label={t.args} />
        </>
      )}
    </dialog>
  );
}

/** Asked again whenever the journal has grown. */
function useDetail(view: DashboardView, step: string): StepDetail | undefined {
  const [detail, setDetail] = useState<StepDetail>();
  useEffect(() => {
    const asked = new AbortController();
    const url = `/api/runs/${encodeURIComponent(view.runId)}/steps/${encodeURIComponent(step)}`;
    fetch(url, { signal: asked.signal })
      .then(async (answer) => {
        if (answer.ok) setDetail((await answer.json()) as StepDetail);
      })
      // The stream says that the connection is lost; the drawer keeps what it has.
      .catch(() => undefined);
    return () => asked.abort();
  }, [view.runId, view.head.n, step]);
  return detail;
}

function Attempts(props: {
  readonly t: Words;
  readonly language: Language;
  readonly view: DashboardView;
  readonly detail: StepDetail;
}) {
  const { t, language, view, detail } = props;
  return (
    <>
      <h3>{t.attempts}</h3>
      <table>
        <thead>
          <tr>
            <th scope="col">{t.at}</th>
            <th scope="col">{t.act}</th>
            <th scope="col" class="number">
              {t.took}
            </th>
            <th scope="col">{t.result}</th>
          </tr>
        </thead>
        <tbody>
          {detail.attempts.map(({ n, at, act, attempt, durationMs, result, seen }) => (
            <tr key={n}>
              <td>{clock(Date.parse(at), view.window?.zone, view.nowMs)}</td>
              <td lang="en">
                {act}
                {attempt > 1 ? ` (${attempt})` : ''}
              </td>
              <td class="number">{durationMs === null ? '–' : length(durationMs, language)}</td>
              <td lang="en">
                {result}
                {seen === null ? '' : `: ${seen}`}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function Evidence({ t, detail }: { readonly t: Words; readonly detail: StepDetail }) {
  const parts = (['do', 'undo', 'finish'] as const).filter(
    (act) => Object.keys(detail.evidence[act]).length > 0,
  );
  if (parts.length === 0) return <p>{t.noEvidence}</p>;
  return (
    <>
      {parts.map((act) => (
        <Code
          key={act}
          text={`${act} ${JSON.stringify(detail.evidence[act], null, 2)}`}
          label={`${t.evidence}: ${act}`}
        />
      ))}
    </>
  );
}

function Code({ text, label }: { readonly text: string; readonly label: string }) {
  return (
    <Scroll label={label} as="pre">
      {text}
    </Scroll>
  );
}
