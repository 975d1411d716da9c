import type { WatchView } from '../../view/watch-view.ts';
import { Chart } from './chart.tsx';
import { length } from './format.ts';
import { Scroll } from './scroll.tsx';
import type { Language, Words } from './words.ts';

const HUNDRED = 100;
const toPercent = (values: readonly (number | null)[]): (number | null)[] =>
  values.map((value) => (value === null ? null : value * HUNDRED));

/** The watch: charts with the limits they are held against, what was counted, and what could not be. */
export function Watch(props: { readonly t: Words; readonly language: Language; readonly watch: WatchView }) {
  const { t, language, watch } = props;
  const { bins, limits } = watch;
  const percentLimits = (lines: WatchView['limits']['errorShare']) =>
    [...new Set(lines.map(({ value }) => value))].map((value) => {
      const names = lines.filter((line) => line.value === value).map(({ label }) => label);
      return { value: value * HUNDRED, label: `${names.join(', ')} ${value * HUNDRED} %` };
    });
  const shared = { language, atMs: bins.atMs, endMs: watch.durationMs, gaps: watch.gaps };
  const counted = `${watch.samples} ${t.samples}, ${watch.requests} ${t.requests}, ${watch.errors} ${t.errors}`;
  return (
    <section class="watch" aria-labelledby="watch-title">
      <h2 id="watch-title">{t.watch}</h2>
      {watch.problem === null ? null : (
        <p class="banner alert" lang="en">
          {watch.problem}
        </p>
      )}
      <p>
        {counted}; {t.covered} {length(watch.coveredMs, language)} {t.of} {length(watch.durationMs, language)}
        {watch.lostMs === 0 ? '' : `; ${t.lost}: ${length(watch.lostMs, language)}`}
      </p>
      {watch.verdict === null ? null : (
        <p>
          <strong lang="en">{watch.verdict.verdict.toUpperCase()}</strong>:{' '}
          <span lang="en">{watch.verdict.reason}</span>
        </p>
      )}
      {watch.samples === 0 ? (
        <p>{t.noSamples}</p>
      ) : (
        <div class="charts">
          <Chart
            {...shared}
            title={t.errorRate}
            lines={[{ label: t.errorRate, values: toPercent(bins.errorShare) }]}
            limits={percentLimits(limits.errorShare)}
          />
          <Chart
            {...shared}
            title={t.latency}
            lines={[{ label: t.latency, values: bins.p95Ms }]}
            limits={limits.latencyMs.map(({ value, label }) => ({ value, label: `${label} ${value}` }))}
          />
          <Chart
            {...shared}
            title={t.requestsPerBin}
            bars
            lines={[{ label: t.requestsPerBin, values: bins.requests }]}
            limits={[]}
          />
          {bins.cpu.some((value) => value !== null) ? (
            <Chart
              {...shared}
              title={t.load}
              lines={[
                { label: 'CPU', values: toPercent(bins.cpu) },
                { label: 'memory', values: toPercent(bins.memory) },
              ]}
              limits={percentLimits(limits.load)}
            />
          ) : null}
        </div>
      )}
      <div class="columns">
        <Goals t={t} watch={watch} />
        <Gaps t={t} language={language} watch={watch} />
      </div>
      <Matrix t={t} watch={watch} />
    </section>
  );
}

function Goals({ t, watch }: { readonly t: Words; readonly watch: WatchView }) {
  return (
    <div>
      <h3>{t.goals}</h3>
      <ul lang="en">
        {watch.goals.map(({ goal, result, seen }) => (
          <li key={goal}>
            <strong>{result}</strong>: {goal} — {seen}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Gaps({
  t,
  language,
  watch,
}: {
  readonly t: Words;
  readonly language: Language;
  readonly watch: WatchView;
}) {
  return (
    <div>
      <h3>{t.gaps}</h3>
      {watch.gaps.length === 0 ? (
        <p>{t.noGaps}</p>
      ) : (
        <ul>
          {watch.gaps.map(({ fromMs, toMs, reason }) => (
            <li key={fromMs}>
              {length(fromMs, language)} – {length(toMs, language)}: <span lang="en">{reason}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function Matrix({ t, watch }: { readonly t: Words; readonly watch: WatchView }) {
  return (
    <Scroll label={t.matrix}>
      <h3>{t.matrix}</h3>
      <table>
        <thead>
          <tr>
            <th scope="col">{t.condition}</th>
            <th scope="col">{t.answer}</th>
            <th scope="col">{t.held}</th>
            <th scope="col">{t.seen}</th>
          </tr>
        </thead>
        <tbody>
          {watch.rows.map(({ id, condition, rollback, held, seen }) => (
            <tr key={id} class={held ? 'held' : ''}>
              <th scope="row" lang="en">
                {condition}
              </th>
              <td>{t[rollback as 'yes' | 'no' | 'maybe'] ?? rollback}</td>
              <td>{held ? t.yes : t.no}</td>
              <td lang="en">{seen ?? '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
