import type { DashboardView } from '../../view/dashboard-view.ts';
import { Changes } from './changes.tsx';
import { short } from './format.ts';
import { Scroll } from './scroll.tsx';
import type { Words } from './words.ts';

type JudgedTable = DashboardView['tables'][number];

const SIGNS = { equal: '=', carried: '↷', differs: '≠', absent: '' } as const;

/** The protected tables, fingerprint by fingerprint, and who changed how many of their rows. */
export function Tables(props: {
  readonly t: Words;
  readonly tables: readonly JudgedTable[];
  readonly changes: DashboardView['changes'];
}) {
  const { t, tables, changes } = props;
  return (
    <section aria-labelledby="tables-title">
      <h2 id="tables-title">{t.tables}</h2>
      {tables.length === 0 ? (
        <p>{t.noTables}</p>
      ) : (
        <Scroll label={`${t.before} – ${t.afterRollback}`}>
          <table>
            <thead>
              <tr>
                <th scope="col">{t.table}</th>
                <th scope="col">{t.before}</th>
                <th scope="col">{t.afterRun}</th>
                <th scope="col">{t.afterRollback}</th>
              </tr>
            </thead>
            <tbody>
              {tables.map((table) => (
                <tr key={table.table}>
                  <th scope="row">
                    <code>{table.table}</code>
                  </th>
                  <td>
                    <Fingerprint t={t} text={table.before} />
                  </td>
                  <td class={table.run}>
                    <Verdict t={t} verdict={table.run} text={table.afterRun} />
                  </td>
                  <td class={table.rollback}>
                    <Verdict t={t} verdict={table.rollback} text={table.afterRollback} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
      <Changes t={t} tables={tables} all={changes} />
    </section>
  );
}

function Verdict(props: {
  readonly t: Words;
  readonly verdict: JudgedTable['run'];
  readonly text: string | null;
}) {
  const { t, verdict, text } = props;
  if (text === null) return <>{t.absent}</>;
  return (
    <>
      <strong>
        <span aria-hidden="true">{SIGNS[verdict]} </span>
        {t[verdict]}
      </strong>
      <br />
      <Fingerprint t={t} text={text} />
    </>
  );
}

function Fingerprint({ t, text }: { readonly t: Words; readonly text: string | null }) {
  if (text === null) return <>{t.absent}</>;
  const [rows = '', digest = ''] = text.split(':');
  return (
    <span class="fingerprint" title={text}>
      {rows} {t.rows}
      <br />
      <code>{short(digest)}</code>
    </span>
  );
}
