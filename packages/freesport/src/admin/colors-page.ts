import { html, type SafeHtml } from '../html/html.ts';
import { type AdminVisit, token } from './admin-layout.ts';
import type { ColorMapping, UnmappedColor } from './color-mappings.ts';

/**
 * Colour mappings with a live swatch, and the colours of 1C that lack one, each with a button that adds it.
 *
 * @example
 * colorsPage(visit, await colorMappings(db), await unmappedColors(db));
 */
export function colorsPage(
  visit: AdminVisit,
  mappings: readonly ColorMapping[],
  unmapped: readonly UnmappedColor[],
): SafeHtml {
  return html`<section aria-labelledby="unmapped"><h2 id="unmapped">Цвета из 1С без образца / Colours of 1C without a swatch (${unmapped.length})</h2>
${unmapped.length === 0 ? html`<p>Все цвета сопоставлены. / Every colour has a mapping.</p>` : html`<ul class="color-list">${unmapped.map((color, index) => unmappedForm(visit, color, index))}</ul>`}
</section>
<section aria-labelledby="add"><h2 id="add">Новый цвет / New colour</h2>
<form class="row" method="post" action="/admin/colors/">${token(visit)}
${fields({ key: 'new', name: '', hex: '#808080', swatch: '', nameFixed: false })}<button>Добавить / Add</button></form></section>
<section aria-labelledby="mapped"><h2 id="mapped">Образцы / Mappings (${mappings.length})</h2>
<ul class="color-list">${mappings.map((mapping) => mappingForm(visit, mapping))}</ul></section>`;
}

function unmappedForm(visit: AdminVisit, color: UnmappedColor, index: number): SafeHtml {
  return html`<li><form class="row" method="post" action="/admin/colors/">${token(visit)}
${fields({ key: `unmapped-${index}`, name: color.name, hex: guessHex(color.name), swatch: '', nameFixed: true })}
<span class="uses">${color.variants} вариантов / variants</span><button>Добавить / Add<span class="hidden">: ${color.name}</span></button></form></li>`;
}

function mappingForm(visit: AdminVisit, mapping: ColorMapping): SafeHtml {
  return html`<li><form class="row" method="post" action="/admin/colors/${mapping.id}/">${token(visit)}
${fields({ key: `m-${mapping.id}`, name: mapping.name, hex: mapping.hex_code, swatch: mapping.swatch_image, nameFixed: mapping.is_base })}
<span class="uses">${mapping.variants} вариантов / variants</span><button>Сохранить / Save<span class="hidden">: ${mapping.name}</span></button>
${mapping.is_base ? html`<span class="uses">базовый / base</span>` : html`<button class="link" formaction="/admin/colors/${mapping.id}/delete/">Удалить / Delete<span class="hidden">: ${mapping.name}</span></button>`}
</form></li>`;
}

function fields(field: {
  readonly key: string;
  readonly name: string;
  readonly hex: string;
  readonly swatch: string;
  readonly nameFixed: boolean;
}): SafeHtml {
  const { key, name, hex, swatch, nameFixed } = field;
  return html`<svg class="swatch" width="28" height="28" viewBox="0 0 20 20" aria-hidden="true" data-swatch="${key}"><circle cx="10" cy="10" r="9" fill="${hex}" stroke="#767676"/></svg>
<label for="name-${key}">Название / Name</label><input id="name-${key}" name="name" maxlength="100" required value="${name}"${nameFixed ? html` readonly` : null}>
<label for="hex-${key}">Код / Code</label><input id="hex-${key}" name="hex_code" type="color" value="${hex.toLowerCase()}" data-live-swatch="${key}">
<label for="image-${key}">Картинка / Image</label><input id="image-${key}" name="swatch_image" maxlength="100" value="${swatch}">`;
}

/** A first guess from the words of the name, so that most colours are one click. */
const GUESSES: readonly (readonly [RegExp, string])[] = [
  [/бел/, '#FFFFFF'],
  [/ч[её]рн/, '#000000'],
  [/т[её]мно.?син/, '#00008B'],
  [/т[её]мно.?сер/, '#A9A9A9'],
  [/светло.?сер/, '#D3D3D3'],
  [/бирюз/, '#40E0D0'],
  [/мят/, '#98FF98'],
  [/хаки/, '#806B2A'],
  [/серебр/, '#C0C0C0'],
  [/золот/, '#FFD700'],
  [/бордо/, '#800000'],
  [/голуб/, '#87CEEB'],
  [/син/, '#0000FF'],
  [/красн/, '#FF0000'],
  [/зел[её]н/, '#00A000'],
  [/ж[её]лт/, '#FFFF00'],
  [/оранж/, '#FFA500'],
  [/роз/, '#FFC0CB'],
  [/фиолет/, '#800080'],
  [/корич/, '#A52A2A'],
  [/беж/, '#F5F5DC'],
  [/сер/, '#808080'],
];

function guessHex(name: string): string {
  const text = name.toLowerCase();
  return GUESSES.find(([pattern]) => pattern.test(text))?.[1] ?? '#808080';
}
