import type { ListedRun } from './follow.ts';
import type { Words } from './words.ts';

/** Chooses a run; nothing chosen follows the newest. */
export function RunPicker(props: {
  readonly t: Words;
  readonly runs: readonly ListedRun[];
  readonly run: string;
  readonly choose: (run: string) => void;
}) {
  const { t, runs, run, choose } = props;
  return (
    <label class="picker">
      <span>{t.run}</span>{' '}
      <select value={run} onChange={(event) => choose(event.currentTarget.value)}>
        <option value="">{t.newest}</option>
        {runs.map(({ runId, kind, target, verdict }) => (
          <option key={runId} value={runId}>
            {t[kind]} · {target} · {runId.slice(0, 19).replace('T', ' ')} ·{' '}
            {verdict === null ? t.begun : (t[verdict as keyof Words] ?? verdict)}
          </option>
        ))}
      </select>
    </label>
  );
}
