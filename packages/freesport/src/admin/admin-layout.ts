import { type HtmlValue, html, type SafeHtml } from '../html/html.ts';
import type { SignedInUser } from '../users/shopper.ts';

/** What every page of the admin knows. */
export interface AdminVisit {
  readonly user: SignedInUser | undefined;
  readonly csrf: string;
  /** Said once after a change. */
  readonly notice?: string | undefined;
}

/** URLs of the admin's style sheet and script. */
export interface AdminAssets {
  readonly shopCss: string;
  readonly css: string;
  readonly js: string;
}

/**
 * The frame of every page of the admin. Labels are Russian with English beside them: the people who work here read either.
 *
 * @example
 * adminLayout(visit, assets, { title: 'Цвета / Colours', body }).text;
 */
export function adminLayout(
  visit: AdminVisit,
  assets: AdminAssets,
  page: { readonly title: string; readonly body: HtmlValue; readonly refreshS?: number | undefined },
): SafeHtml {
  return html`<!doctype html>
<html lang="ru">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${page.title} — FREESPORT admin</title>
<link rel="stylesheet" href="${assets.shopCss}">
<link rel="stylesheet" href="${assets.css}">
<link rel="icon" href="data:,">
<script src="${assets.js}" type="module"></script>
</head>
<body>
<a class="skip" href="#content">К содержанию / Skip to content</a>
<header class="top"><a class="logo" href="/admin/">FREESPORT admin</a>
${
  visit.user === undefined
    ? null
    : html`<nav aria-label="Разделы / Sections"><a href="/admin/products/">Товары / Products</a><a href="/admin/colors/">Цвета / Colours</a><a href="/admin/imports/">Импорт / Imports</a><a href="/">Магазин / Shop</a><span class="user">${visit.user.email}</span>
<form method="post" action="/admin/logout/">${token(visit)}<button class="link">Выйти / Sign out</button></form></nav>`
}
</header>
<main id="content" tabindex="-1"${page.refreshS === undefined ? null : html` data-refresh-s="${page.refreshS}"`}>
<h1>${page.title}</h1>
${visit.notice === undefined ? null : html`<p class="notice" role="status">${visit.notice}</p>`}
${page.body}
</main>
</body>
</html>`;
}

/** The hidden field that proves that a form was ours. */
export function token(visit: AdminVisit): SafeHtml {
  return html`<input type="hidden" name="_csrf" value="${visit.csrf}">`;
}
