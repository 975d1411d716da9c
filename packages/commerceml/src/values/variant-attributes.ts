/**
 * Colour and size of a variant. 1C keeps them in characteristics, in properties by id, or only in the name; which,
 * changes from good to good. The rules are tried from the most explicit to the least, and whatever was not sure
 * is said in `issues`.
 */
import type { Characteristic, PropertyRef } from '../records.ts';
import { foldColorName, parseColor } from './color-name.ts';
import { type EmptyMarker, emptyMarker } from './empty-marker.ts';
import { splitNameTail, splitTuple } from './name-tail.ts';
import type { PropertyDictionary } from './property-dictionary.ts';
import { remembered } from './remembered.ts';
import { cleanLine } from './text.ts';

/** What was not sure, for the import's log. */
export interface AttributeIssue {
  readonly attribute: 'color' | 'size';
  /**
   * `placeholder`: the value says nothing (`в ассортименте`); `several`: candidates differ, the first was taken;
   * `boolean`: Да or Нет where a size should be; `unrecognized`: the text may be something else.
   */
  readonly kind: 'placeholder' | 'several' | 'boolean' | 'unrecognized';
  readonly value: string;
}

/** Which rule found it. */
export type AttributeSource = 'characteristic' | 'property' | 'name';

/** Colour and size, where they came from, and what was not sure. */
export interface VariantAttributes {
  /** The known colour's own spelling where it is one, else the text as written (a compound stays a compound). */
  readonly color: string | undefined;
  /** The element of `knownColors` that this is, for `color_mappings`. */
  readonly baseColor: string | undefined;
  readonly colorSource: AttributeSource | undefined;
  /** As written, without outer white space. */
  readonly size: string | undefined;
  readonly sizeSource: AttributeSource | undefined;
  readonly issues: readonly AttributeIssue[];
  /** Whether `issues` holds more than placeholders: something was chosen that could be wrong. */
  readonly ambiguous: boolean;
}

/** What decides. `good` and `properties` may be missing: then the rules that need them are skipped. */
export interface VariantInput {
  readonly offer: {
    readonly name: string;
    readonly characteristics: readonly Characteristic[];
    readonly properties: readonly PropertyRef[];
  };
  readonly good?: { readonly name: string; readonly properties: readonly PropertyRef[] } | undefined;
  readonly properties?: PropertyDictionary | undefined;
  /** Names of `color_mappings`. Pass the same array each time: its folded form is remembered. */
  readonly knownColors: readonly string[];
}

interface Found {
  readonly text: string;
  readonly source: AttributeSource;
}

const COLOR_CHARACTERISTIC = /^(?:цвет|color|colour|окраска|расцветка)(?:$|[\s_(])/i;
const SIZE_CHARACTERISTIC = /^(?:размер|size)(?:$|_|\s*\()/i;
const SIZE_TD = /^размер\s?td$/i;
const BOOLEAN = /^(?:да|нет|true|false|yes|no)$/i;

/** What a characteristic is about, by its name. */
type Role = 'color' | 'size' | 'size td' | 'other size' | 'other';

const roleOf = remembered((name: string): Role => {
  const trimmed = name.trim();
  if (COLOR_CHARACTERISTIC.test(trimmed)) return 'color';
  if (SIZE_CHARACTERISTIC.test(trimmed)) return 'size';
  if (SIZE_TD.test(trimmed)) return 'size td';
  return /размер/i.test(trimmed) ? 'other size' : 'other';
});

/** A good's name is asked for once for each of its offers. */
const tailOfGood = remembered(splitNameTail);

const markerOf = remembered(
  (value: string): { readonly marker: EmptyMarker | undefined; readonly text: string } => ({
    marker: emptyMarker(value),
    text: cleanLine(value),
  }),
);

const foldedColors = new WeakMap<readonly string[], ReadonlyMap<string, string>>();

/**
 * Finds colour and size.
 *
 * Colour: characteristic цвет/color/окраска/расцветка, else a property named so (offer's, then good's), else the name:
 * a part of its last parenthesis, or what follows the last comma, if that is a colour.
 * Size: characteristic `Размер`/`size`/`Размер_<вид>` (never `Детский размер`), else a property named `Размер`, else
 * `РазмерTD`, else the last balanced parenthesis of the name. Да and Нет are never a size.
 *
 * @example
 * variantAttributes({ offer: { name: 'Бутсы, синяя (35)', characteristics: [], properties: [] }, knownColors: ['Синий'] })
 * // { color: 'Синий', baseColor: 'Синий', colorSource: 'name', size: '35', sizeSource: 'name', … }
 */
export function variantAttributes(input: VariantInput): VariantAttributes {
  const issues: AttributeIssue[] = [];
  const explicitColor = colorFromCharacteristics(input, issues) ?? colorFromProperties(input, issues);
  const explicitSize =
    sizeFromCharacteristics(input, issues) ?? sizeFromProperties(input, issues) ?? sizeFromTd(input);
  const needsName = explicitColor === undefined || explicitSize === undefined;
  const fromName = needsName
    ? attributesFromName(input, explicitColor === undefined, explicitSize === undefined, issues)
    : undefined;
  const color = explicitColor ?? fromName?.color;
  const size = explicitSize ?? fromName?.size;
  const base = color === undefined ? undefined : knownColor(color.text, input.knownColors);
  return {
    color: base ?? color?.text,
    baseColor: base,
    colorSource: color?.source,
    size: size?.text,
    sizeSource: size?.source,
    issues,
    ambiguous: issues.some(({ kind }) => kind === 'several' || kind === 'unrecognized'),
  };
}

/**
 * The known colour that a text is, in the known spelling. A shade or a compound only if it is listed itself.
 *
 * @example knownColor('чёрная', ['Черный']) // 'Черный'
 */
export function knownColor(text: string, knownColors: readonly string[]): string | undefined {
  let folded = foldedColors.get(knownColors);
  if (folded === undefined) {
    folded = new Map(knownColors.map((name) => [foldColorName(name), name]));
    foldedColors.set(knownColors, folded);
  }
  return folded.get(foldColorName(text));
}

/** A value with content, or undefined; placeholders are noted. */
function usable(value: string, attribute: 'color' | 'size', issues: AttributeIssue[]): string | undefined {
  const { marker, text } = markerOf(value);
  if (marker === 'placeholder') issues.push({ attribute, kind: 'placeholder', value: text });
  return marker === undefined ? text : undefined;
}

/** The first of several texts, and the first one that differs from it. Made only where there is one: most offers have none. */
interface Candidates {
  readonly text: string;
  other: string | undefined;
}

function withCandidate(before: Candidates | undefined, text: string | undefined): Candidates | undefined {
  if (text === undefined) return before;
  if (before === undefined) return { text, other: undefined };
  if (before.other === undefined && text.toLowerCase() !== before.text.toLowerCase()) before.other = text;
  return before;
}

function colorFromCharacteristics({ offer }: VariantInput, issues: AttributeIssue[]): Found | undefined {
  let candidates: Candidates | undefined;
  for (const { name, value } of offer.characteristics) {
    if (roleOf(name) === 'color') candidates = withCandidate(candidates, usable(value, 'color', issues));
  }
  return first(candidates, 'characteristic', 'color', issues);
}

function colorFromProperties(
  { offer, good, properties }: VariantInput,
  issues: AttributeIssue[],
): Found | undefined {
  if (properties === undefined || properties.colorIds.size === 0) return undefined;
  const ids = properties.colorIds;
  const candidates =
    resolveAll(offer.properties, ids, properties, 'color', issues) ??
    (good === undefined ? undefined : resolveAll(good.properties, ids, properties, 'color', issues));
  return first(candidates, 'property', 'color', issues);
}

function sizeFromCharacteristics({ offer }: VariantInput, issues: AttributeIssue[]): Found | undefined {
  let candidates: Candidates | undefined;
  for (const { name, value } of offer.characteristics) {
    const role = roleOf(name);
    if (role === 'other' || role === 'color') continue;
    if (role !== 'size') {
      // "Детский размер: Да" is how 742 variants once got the size "Да".
      if (BOOLEAN.test(value.trim()))
        issues.push({ attribute: 'size', kind: 'boolean', value: `${name.trim()}: ${value.trim()}` });
      continue;
    }
    const text = usable(value, 'size', issues);
    if (text === undefined) continue;
    if (BOOLEAN.test(text)) issues.push({ attribute: 'size', kind: 'boolean', value: text });
    else candidates = withCandidate(candidates, text);
  }
  return first(candidates, 'characteristic', 'size', issues);
}

function sizeFromProperties(
  { offer, properties }: VariantInput,
  issues: AttributeIssue[],
): Found | undefined {
  if (properties === undefined || properties.sizeIds.size === 0) return undefined;
  const candidates = resolveAll(offer.properties, properties.sizeIds, properties, 'size', issues);
  return first(candidates, 'property', 'size', issues);
}

function sizeFromTd({ offer }: VariantInput): Found | undefined {
  for (const { name, value } of offer.characteristics) {
    if (roleOf(name) === 'size td' && emptyMarker(value) === undefined && !BOOLEAN.test(value.trim())) {
      return { text: cleanLine(value), source: 'characteristic' };
    }
  }
  return undefined;
}

function resolveAll(
  refs: readonly PropertyRef[],
  ids: ReadonlySet<string>,
  properties: PropertyDictionary,
  attribute: 'color' | 'size',
  issues: AttributeIssue[],
): Candidates | undefined {
  let candidates: Candidates | undefined;
  for (const ref of refs) {
    if (!ids.has(ref.id)) continue;
    const resolved = properties.resolve(ref);
    const text = resolved === undefined ? undefined : usable(resolved, attribute, issues);
    // Да and Нет answer a question of the property's, and are no size.
    if (text !== undefined && attribute === 'size' && BOOLEAN.test(text)) continue;
    candidates = withCandidate(candidates, text);
  }
  return candidates;
}

function first(
  candidates: Candidates | undefined,
  source: AttributeSource,
  attribute: 'color' | 'size',
  issues: AttributeIssue[],
): Found | undefined {
  if (candidates === undefined) return undefined;
  const { text, other } = candidates;
  if (other !== undefined) issues.push({ attribute, kind: 'several', value: other });
  return { text, source };
}

/** What a name says, asked for or not. */
interface FromName {
  color: Found | undefined;
  size: Found | undefined;
}

function attributesFromName(
  input: VariantInput,
  wantsColor: boolean,
  wantsSize: boolean,
  issues: AttributeIssue[],
): FromName {
  const { offer, good, knownColors } = input;
  const { parenthesis, segment } = splitNameTail(offer.name);
  const found: FromName = { color: undefined, size: undefined };
  // A parenthesis that the good's own name ends with belongs to the good, as in "Кимоно (BJJ)".
  const own = good === undefined ? undefined : tailOfGood(good.name).parenthesis;
  if (parenthesis !== undefined && parenthesis !== '' && parenthesis !== own) {
    fromParenthesis(parenthesis, found, knownColors, issues, wantsSize);
  }
  if (segment !== undefined && found.color === undefined && wantsColor) {
    fromSegment(segment, found, knownColors, issues);
  }
  return found;
}

function isColor(text: string, knownColors: readonly string[]): boolean {
  return parseColor(text).recognized || knownColor(text, knownColors) !== undefined;
}

function fromParenthesis(
  parenthesis: string,
  found: FromName,
  knownColors: readonly string[],
  issues: AttributeIssue[],
  wantsSize: boolean,
): void {
  const { color, size } = colorAndSize(parenthesis, knownColors);
  const colorText = color === undefined ? undefined : usable(color, 'color', issues);
  const sizeText = size === undefined ? undefined : usable(size, 'size', issues);
  if (colorText !== undefined) found.color = { text: colorText, source: 'name' };
  if (sizeText === undefined) return;
  if (BOOLEAN.test(sizeText)) {
    issues.push({ attribute: 'size', kind: 'boolean', value: sizeText });
    return;
  }
  found.size = { text: sizeText, source: 'name' };
  if (wantsSize && !looksLikeSize(sizeText))
    issues.push({ attribute: 'size', kind: 'unrecognized', value: sizeText });
}

function colorAndSize(
  parenthesis: string,
  knownColors: readonly string[],
): { readonly color: string | undefined; readonly size: string | undefined } {
  const tuple = splitTuple(parenthesis);
  if (tuple === undefined) {
    return isColor(parenthesis, knownColors)
      ? { color: parenthesis, size: undefined }
      : { color: undefined, size: parenthesis };
  }
  const { labelled, positional } = tuple;
  const color = labelled.get('цвет') ?? positional.findLast((part) => isColor(part, knownColors));
  const size = labelled.get('размер') ?? positional.find((part) => part !== color && looksLikeSize(part));
  return { color, size };
}

function fromSegment(
  segment: string,
  found: FromName,
  knownColors: readonly string[],
  issues: AttributeIssue[],
): void {
  // "синий 12 OZ": a size without a parenthesis.
  const ounces = /\d/.test(segment) ? /^(.*?)\s+(\d{1,2}\s?(?:oz|унц\S*))$/i.exec(segment) : null;
  const text = usable(ounces?.[1] ?? segment, 'color', issues);
  if (ounces !== null && found.size === undefined) found.size = { text: ounces[2] ?? '', source: 'name' };
  if (text === undefined) return;
  if (isColor(text, knownColors)) found.color = { text, source: 'name' };
  else if (!/\d/.test(text)) issues.push({ attribute: 'color', kind: 'unrecognized', value: text });
}

/** Digits with or without a unit, letter sizes in Latin or Cyrillic, ranges: `6,5`, `М3 (145-150)`, `12 OZ`, `XXL`. */
const looksLikeSize = remembered(
  (text: string): boolean =>
    /^(?:p\.|р\.)?\s?\d+(?:[.,]\d+)?(?:\s?[-–/x×х*]\s?\d+(?:[.,]\d+)?)*(?:\s?(?:oz|унц\S*|мм|см|м|кг|г|л|лет|года?|"|”|дюйм\S*|-?[ыой]{1,2}))?(?:\s?\(.*\))?$/i.test(
      text,
    ) ||
    /^(?:\d?[xх]{0,4}[smlсмл]|\d[xх]l|one size|универсальный|[aаmм]\d{1,2})(?:\s?[-/]\s?(?:\d?[xх]{0,4}[smlсмл]))?(?:\s?\(.*\))?$/i.test(
      text,
    ),
);
