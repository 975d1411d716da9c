import type { Words } from './words.ts';

/** What the bars of the timeline mean. For eyes alone: the table beside them says the same in words. */
export function Legend({ t }: { readonly t: Words }) {
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
