import { type HtmlValue, html, type SafeHtml } from '../html/html.ts';
import type { Visit } from './visit.ts';

/** URLs of the storefront's style sheet and script. */
export interface StorefrontAssets {
  readonly css: string;
  readonly js: string;
}

/**
 * The frame of every page of the storefront.
 *
 * @example
 * layout(visit, assets, { title: visit.t.cart, body: html`<h1>…</h1>` }).text;
 */
export function layout(
  visit: Visit,
  assets: StorefrontAssets,
  page: { readonly title: string; readonly description?: string | undefined; readonly body: HtmlValue },
): SafeHtml {
  const { t, language } = visit;
  const other = language === 'ru' ? 'en' : 'ru';
  const switchUrl = `${visit.here}${visit.here.includes('?') ? '&' : '?'}lang=${other}`;
  return html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${page.title} — ${t.shop}</title>
${page.description ? html`<meta name="description" content="${page.description}">` : null}
<link rel="stylesheet" href="${assets.css}">
<link rel="icon" href="data:,">
<script src="${assets.js}" type="module"></script>
</head>
<body>
<a class="skip" href="#content">${t.skip}</a>
<header class="top">
<a class="logo" href="/">${t.shop}</a>
<form class="search" action="/catalog/" role="search"><label class="hidden" for="q">${t.search}</label>
<input id="q" name="q" type="search" maxlength="100"><button>${t.find}</button></form>
<nav aria-label="${t.shop}">
<a href="/catalog/">${t.catalogue}</a>
<a href="/cart/">${t.cart}<span class="badge" id="cart-count">${visit.cartCount}</span></a>
${
  visit.user === undefined
    ? html`<a href="/login/">${t.signIn}</a>`
    : html`<span class="user">${visit.user.email}</span><form method="post" action="/logout/">${csrfField(visit)}<button class="link">${t.signOut}</button></form>`
}
<a href="${switchUrl}" lang="${other}" hreflang="${other}">${t.otherLanguage}</a>
</nav>
</header>
<main id="content" tabindex="-1">
${page.body}
</main>
<footer class="bottom"><p>${t.shop}</p></footer>
</body>
</html>`;
}

/** The hidden field that proves that a form was ours. */
export function csrfField(visit: Pick<Visit, 'csrf'>): SafeHtml {
  return html`<input type="hidden" name="_csrf" value="${visit.csrf}">`;
}
