import { html, type SafeHtml } from '../html/html.ts';
import { csrfField } from './layout.ts';
import type { Visit } from './visit.ts';

/** A page that only says something. */
export function messagePage(
  visit: Visit,
  page: { readonly heading: string; readonly text: string },
): SafeHtml {
  return html`<h1>${page.heading}</h1><p>${page.text}</p><p><a href="/catalog/">${visit.t.backToCatalogue}</a></p>`;
}

/** The form to sign in. */
export function loginPage(visit: Visit, problem?: string): SafeHtml {
  const { t } = visit;
  return html`<h1>${t.signIn}</h1>${problem === undefined ? null : html`<p class="notice bad" role="alert">${problem}</p>`}
<form class="stacked" method="post" action="/login/">${csrfField(visit)}
<label for="l-email">${t.email}</label><input id="l-email" name="email" type="email" autocomplete="username" maxlength="254" required>
<label for="l-password">${t.password}</label><input id="l-password" name="password" type="password" autocomplete="current-password" maxlength="500" required>
<button>${t.signIn}</button></form>`;
}
