import type { ProductDetail, ProductVariant } from '../catalogue/catalogue.ts';
import { html, jsonForHtml, type SafeHtml } from '../html/html.ts';
import { csrfField } from './layout.ts';
import { priceText } from './price-text.ts';
import { mediaUrl, priceView, stockView } from './price-view.ts';
import { type ChoiceOption, canBuy, type VariantChoice } from './variant-choice.ts';
import type { Visit } from './visit.ts';

/**
 * A product's page. Without a script the choice is a form that asks the server again; with one it is followed in place
 * from the data block.
 *
 * @example
 * layout(visit, assets, { title: product.name, body: productPage(visit, product, choice) });
 */
export function productPage(visit: Visit, product: ProductDetail, choice: VariantChoice): SafeHtml {
  const { t } = visit;
  const { chosen } = choice;
  const images = galleryOf(product, chosen);
  return html`<nav class="crumbs" aria-label="${t.breadcrumbs}"><a href="/catalog/">${t.catalogue}</a> ›
<a href="/catalog/?category=${encodeURIComponent(product.category.slug)}">${product.category.name}</a></nav>
<article class="product">
<div class="gallery" id="gallery" data-label="${t.photo}">${gallery(product.name, images, t.photo)}</div>
<div class="offer">
<h1>${product.name}</h1>
${product.brand === null ? null : html`<p><a href="/catalog/?brand=${encodeURIComponent(product.brand.slug)}">${product.brand.name}</a></p>`}
<div aria-live="polite" id="offer"><p id="offer-price">${priceView(visit, chosen)}</p><p id="offer-stock">${stockView(visit, chosen)}</p>
<p class="sku">${t.sku}: <span id="offer-sku">${chosen.sku}</span></p></div>
${choiceForm(visit, choice)}
<form class="buy" method="post" action="/cart/">${csrfField(visit)}
<input type="hidden" name="sku_id" id="sku-id" value="${chosen.sku_id}"><input type="hidden" name="mode" value="add">
<label for="quantity">${t.quantity}</label> <input id="quantity" name="quantity" type="number" min="1" max="${Math.max(1, chosen.stock_quantity)}" value="1" required>
<button id="buy"${canBuy(chosen) ? null : html` disabled`}>${t.addToCart}</button></form>
${product.description === '' ? null : html`<h2>${t.description}</h2><p class="text">${product.description}</p>`}
${specifications(visit, product)}
</div>
</article>
<script type="application/json" id="variants">${jsonForHtml(scriptData(visit, product))}</script>`;
}

function choiceForm(visit: Visit, choice: VariantChoice): SafeHtml | null {
  const { t } = visit;
  const { colors, sizes, others, chosen } = choice;
  if (colors.length === 0 && sizes.length === 0 && others.length === 0) return null;
  return html`<form class="choice" id="choice">
${colors.length > 0 ? chips('color', t.color, colors) : null}
${sizes.length > 0 ? chips('size', t.size, sizes) : null}
<p id="other-variants"${others.length === 0 ? html` hidden` : null}><label for="other-sku">${t.variant}</label>
<select id="other-sku" name="sku">${(others.length === 0 ? [chosen] : others).map(
    (variant) =>
      html`<option value="${variant.sku_id}"${variant.sku_id === chosen.sku_id ? html` selected` : null}>${variant.name || variant.sku}</option>`,
  )}</select></p>
<button class="without-script">${t.chooseVariant}</button></form>`;
}

function chips(name: 'color' | 'size', label: string, options: readonly ChoiceOption[]): SafeHtml {
  return html`<fieldset class="chips" role="radiogroup" aria-labelledby="legend-${name}"><legend id="legend-${name}">${label}</legend>
${options.map(
  (option, index) =>
    html`<span class="chip"><input type="radio" id="${name}-${index}" name="${name}" value="${option.value}"${
      option.checked ? html` checked` : null
    }${option.disabled ? html` disabled` : null}><label for="${name}-${index}">${swatch(option)}${option.value}</label></span>`,
)}</fieldset>`;
}

/** Drawn as SVG, because a style attribute would need a weaker content policy. No mapping: the name alone. */
function swatch(option: ChoiceOption): SafeHtml | null {
  if (option.swatchImage !== null)
    return html`<img class="swatch" src="${mediaUrl(option.swatchImage)}" alt="" width="20" height="20">`;
  if (option.hex === null) return null;
  return html`<svg class="swatch" width="20" height="20" viewBox="0 0 20 20" aria-hidden="true"><circle cx="10" cy="10" r="9" fill="${option.hex}" stroke="#767676"/></svg>`;
}

function gallery(name: string, images: readonly string[], photo: string): SafeHtml[] {
  if (images.length === 0) return [html`<span class="no-image" aria-hidden="true"></span>`];
  return images.map((image, index) => {
    const alt = index === 0 ? name : `${name}, ${photo} ${index + 1}`;
    return html`<img src="${mediaUrl(image)}" alt="${alt}" width="480" height="480"${index === 0 ? null : html` loading="lazy"`}>`;
  });
}

/** The variant's own pictures, else those of the first variant of its colour that has some, else the product's. */
function galleryOf(product: ProductDetail, chosen: ProductVariant): string[] {
  const own = picturesOf(chosen);
  if (own.length > 0) return own;
  for (const variant of product.variants ?? []) {
    if (variant.color_name === chosen.color_name && chosen.color_name !== '') {
      const shared = picturesOf(variant);
      if (shared.length > 0) return shared;
    }
  }
  return [...new Set([...(product.image === null ? [] : [product.image]), ...product.gallery_images])];
}

function picturesOf(variant: ProductVariant): string[] {
  return [
    ...new Set([...(variant.main_image === null ? [] : [variant.main_image]), ...variant.gallery_images]),
  ];
}

function specifications(visit: Visit, product: ProductDetail): SafeHtml | null {
  const entries = Object.entries(product.specifications);
  if (entries.length === 0) return null;
  return html`<h2>${visit.t.specifications}</h2><dl>${entries.map(
    ([name, value]) =>
      html`<dt>${name}</dt><dd>${typeof value === 'object' ? JSON.stringify(value) : String(value)}</dd>`,
  )}</dl>`;
}

/** What the script needs of each variant; texts are formatted here, so that it has no words of its own. */
function scriptData(visit: Visit, product: ProductDetail): unknown {
  const { t } = visit;
  return (product.variants ?? []).map((variant) => ({
    id: variant.sku_id,
    sku: variant.sku,
    name: variant.name || variant.sku,
    color: variant.color_name,
    size: variant.size_value,
    price: variant.price === null ? t.noPrice : priceText(variant.price, visit.language),
    was:
      variant.price !== null &&
      variant.retail_price !== null &&
      Number(variant.retail_price) > Number(variant.price)
        ? priceText(variant.retail_price, visit.language)
        : '',
    stock: variant.stock_quantity,
    stockText: variant.in_stock ? `${t.inStock}: ${variant.stock_quantity} ${t.pieces}` : t.outOfStock,
    buy: canBuy(variant),
    images: galleryOf(product, variant).map(mediaUrl),
  }));
}
