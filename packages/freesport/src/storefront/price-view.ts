import { html, type SafeHtml } from '../html/html.ts';
import { priceText } from './price-text.ts';
import type { Visit } from './visit.ts';

/** The price that this visitor pays; the retail price struck out beside it where that is higher. */
export function priceView(
  visit: Visit,
  offer: { readonly price: string | null; readonly retail_price: string | null },
): SafeHtml {
  if (offer.price === null) return html`<span class="price">${visit.t.noPrice}</span>`;
  const saves = offer.retail_price !== null && Number(offer.retail_price) > Number(offer.price);
  return html`<span class="price">${priceText(offer.price, visit.language)}</span>${
    saves && offer.retail_price !== null
      ? html` <s class="was"><span class="hidden">${visit.t.retailPrice}: </span>${priceText(offer.retail_price, visit.language)}</s>`
      : null
  }`;
}

/** Whether it can be had, and how many. */
export function stockView(visit: Visit, offer: { readonly stock_quantity: number }): SafeHtml {
  return offer.stock_quantity > 0
    ? html`<span class="stock">${visit.t.inStock}: ${offer.stock_quantity} ${visit.t.pieces}</span>`
    : html`<span class="stock none">${visit.t.outOfStock}</span>`;
}

/** A picture's address below the media folder. */
export function mediaUrl(image: string): string {
  return `/media/${image.split('/').map(encodeURIComponent).join('/')}`;
}
