import { html, type SafeHtml } from '../html/html.ts';
import { type AdminVisit, token } from './admin-layout.ts';
import type { ImportSession, ImportWarning } from './import-sessions.ts';
import { mayDo } from './permission.ts';
import type { AvailableExchange } from './start-import.ts';

/** The list of imports and the form that starts one. */
export function importsPage(
  visit: AdminVisit,
  view: {
    readonly sessions: readonly ImportSession[];
    readonly exchanges: readonly AvailableExchange[];
    readonly queued: number;
  },
): SafeHtml {
  const mayStart = visit.user !== undefined && mayDo(visit.user, 'start-import');
  return html`${mayStart ? startForm(visit, view.exchanges) : null}
${view.queued > 0 ? html`<p class="notice" role="status">В очереди: ${view.queued} / Queued: ${view.queued}</p>` : null}
<div class="table" role="region" aria-label="Импорт / Imports" tabindex="0"><table><thead><tr><th scope="col">№</th><th scope="col">Начат / Started</th><th scope="col">Статус / Status</th><th scope="col">Товары / Products</th><th scope="col">Варианты / Variants</th><th scope="col">Предупреждения / Warnings</th><th scope="col">Длительность / Took</th></tr></thead>
<tbody>${view.sessions.map(
    (
      session,
    ) => html`<tr><th scope="row"><a href="/admin/imports/${session.id}/">${session.id}</a></th><td>${when(session.started_at)}</td><td>${statusView(session)}</td>
<td>${count(session, 'products')}</td><td>${count(session, 'variants')}</td><td>${session.warning_count}</td><td>${took(session)}</td></tr>`,
  )}</tbody></table></div>`;
}

/** One import: progress while it runs, counts, warnings by code. */
export function importPage(
  session: ImportSession,
  view: {
    readonly counts: readonly { readonly code: string; readonly count: number }[];
    readonly warnings: readonly ImportWarning[];
    readonly code: string | undefined;
    readonly page: number;
    readonly hasNext: boolean;
  },
): SafeHtml {
  const link = (code: string | undefined, page: number): string => {
    const parameters = new URLSearchParams();
    if (code !== undefined) parameters.set('code', code);
    if (page > 1) parameters.set('page', String(page));
    return `?${parameters}`;
  };
  return html`<p>${statusView(session)} · ${when(session.started_at)} · ${took(session)} · ${session.is_full ? 'полный / full' : session.import_type}</p>
<p><code>${session.exchange_dir}</code></p>
${progress(session)}
${session.error_message === '' ? null : html`<p class="notice bad" role="alert">${session.error_message}</p>`}
<h2>Итоги / Counts</h2><dl class="counts">${flatten(session.report_details).map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
<h2 id="warnings">Предупреждения / Warnings (${session.warning_count})</h2>
${
  view.counts.length === 0
    ? html`<p>Нет / None</p>`
    : html`<p><a href="${link(undefined, 1)}">все / all</a> ${view.counts.map((item) => html` · <a href="${link(item.code, 1)}"${item.code === view.code ? html` aria-current="true"` : null}>${item.code} (${item.count})</a>`)}</p>
<div class="table" role="region" aria-labelledby="warnings" tabindex="0"><table><thead><tr><th scope="col">Код / Code</th><th scope="col">Запись / Record</th><th scope="col">Файл / File</th><th scope="col">Сообщение / Message</th></tr></thead>
<tbody>${view.warnings.map((warning) => html`<tr><td>${warning.code}</td><td>${warning.subject ?? ''}</td><td>${warning.file ?? ''}${warning.byte_offset === null ? null : html` @${warning.byte_offset}`}</td><td>${warning.message}</td></tr>`)}</tbody></table></div>
<p>${view.page > 1 ? html`<a rel="prev" href="${link(view.code, view.page - 1)}">Назад / Previous</a> ` : null}${view.hasNext ? html`<a rel="next" href="${link(view.code, view.page + 1)}">Дальше / Next</a>` : null}</p>`
}`;
}

/** Whether an import still changes, so that its page reloads itself. */
export function isRunning(session: ImportSession): boolean {
  return session.status === 'pending' || session.status === 'started' || session.status === 'in_progress';
}

function startForm(visit: AdminVisit, exchanges: readonly AvailableExchange[]): SafeHtml {
  if (exchanges.length === 0) {
    return html`<p>Папка обменов не задана (FREESPORT_EXCHANGE_DIR). / No exchange folder is set.</p>`;
  }
  return html`<form class="row" method="post" action="/admin/imports/">${token(visit)}
<label for="exchange">Обмен / Exchange</label><select id="exchange" name="exchange">${exchanges.map((exchange) => html`<option value="${exchange.name}">${exchange.name}</option>`)}</select>
<label><input type="checkbox" name="full" value="1"> Полный: скрыть отсутствующее / Full: deactivate what is absent</label>
<button>Запустить импорт / Start the import</button></form>`;
}

function statusView(session: ImportSession): SafeHtml {
  return html`<span class="status ${session.status}">${session.status}</span>`;
}

function progress(session: ImportSession): SafeHtml | null {
  if (!isRunning(session)) return null;
  const now = session.report_details.progress as
    | { bytes?: number; bytesTotal?: number; phase?: string }
    | undefined;
  if (now?.bytesTotal === undefined || now.bytesTotal === 0)
    return html`<p role="status">${session.status}…</p>`;
  return html`<p role="status"><label for="progress">${now.phase ?? session.status}</label> <progress id="progress" max="${now.bytesTotal}" value="${now.bytes ?? 0}"></progress></p>`;
}

function count(session: ImportSession, name: string): string {
  const value = session.report_details[name];
  return typeof value === 'number' ? String(value) : '—';
}

/** Counters by dotted name; the progress has its own place. */
function flatten(details: Readonly<Record<string, unknown>>, prefix = ''): [string, string][] {
  return Object.entries(details).flatMap(([name, value]): [string, string][] => {
    if (name === 'progress') return [];
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
      return flatten(value as Record<string, unknown>, `${prefix}${name}.`);
    }
    return [[`${prefix}${name}`, Array.isArray(value) ? String(value.length) : String(value)]];
  });
}

function when(time: Date): string {
  return `${time.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

function took(session: ImportSession): string {
  if (session.finished_at === null) return '…';
  return `${((session.finished_at.getTime() - session.started_at.getTime()) / 1000).toFixed(1)} s`;
}
