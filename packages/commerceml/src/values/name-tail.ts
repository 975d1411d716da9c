import { cleanLine } from './text.ts';

/** The end of an offer's name taken apart: `<head>, <colour> (<parenthesis>)`. */
export interface NameTail {
  /** Content of the balanced parenthesis that ends the name: `А5 (2XL)`. */
  readonly parenthesis: string | undefined;
  /** What stands after the last comma outside parentheses, before that parenthesis. */
  readonly segment: string | undefined;
}

/** Words after the colour or at the very end that belong to neither colour nor size. */
const NOISE = /[\s,]*(?:уценка|распродажа|новинка|акция)\s*$/iu;

/**
 * Splits the tail of a name.
 *
 * @example splitNameTail('Кимоно BBJJ24, синий (А5 (2XL))') // { parenthesis: 'А5 (2XL)', segment: 'синий' }
 */
export function splitNameTail(name: string): NameTail {
  let rest = withoutNoise(cleanLine(name));
  let parenthesis: string | undefined;
  if (rest.endsWith(')')) {
    const open = openingOf(rest);
    if (open > 0) {
      parenthesis = rest.slice(open + 1, -1).trim();
      rest = withoutNoise(rest.slice(0, open).trimEnd());
    }
  }
  const comma = lastCommaOutside(rest);
  const segment = comma === -1 ? undefined : rest.slice(comma + 1).trim();
  return { parenthesis, segment: segment === '' ? undefined : segment };
}

/** All of the noise words end in а or я, which spares most names the pattern. */
function withoutNoise(text: string): string {
  const last = text.charCodeAt(text.length - 1);
  return last === 0x430 || last === 0x410 || last === 0x44f || last === 0x42f
    ? text.replace(NOISE, '')
    : text;
}

/** Index of the parenthesis that the last character closes, or -1. */
function openingOf(text: string): number {
  let depth = 0;
  for (let i = text.length - 1; i >= 0; i -= 1) {
    const code = text.charCodeAt(i);
    if (code === 0x29) depth += 1;
    else if (code === 0x28) {
      depth -= 1;
      if (depth === 0) return i;
    }
  }
  return -1;
}

/** A comma between two digits is a decimal comma. */
function lastCommaOutside(text: string): number {
  let depth = 0;
  for (let i = text.length - 1; i >= 0; i -= 1) {
    const code = text.charCodeAt(i);
    if (code === 0x29) depth += 1;
    else if (code === 0x28) depth -= 1;
    else if (code === 0x2c && depth === 0 && !(isDigit(text, i - 1) && isDigit(text, i + 1))) return i;
  }
  return -1;
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0x30 && code <= 0x39;
}

/** A comma that is not a decimal comma, or white space before a label (`Размер: 40 Полнота: 6 Цвет: Синий`). */
const SEPARATOR = /,(?!\d)|,(?<!\d,)|\s+(?=\p{Lu}[\p{Ll} ]*:)/u;

/** The parts of a parenthesis that lists several characteristics. */
export interface NameTuple {
  /** `Размер: 39` → `размер` → `39`. */
  readonly labelled: ReadonlyMap<string, string>;
  /** The unlabelled parts in order, empty ones left out. */
  readonly positional: readonly string[];
}

/**
 * Splits `43, 5, натуральная кожа, Бежевый`, `Размер: 39, Цвет: Зеленый` or `45, , , Черный`.
 *
 * @returns undefined where the parenthesis has only one part and no label.
 */
export function splitTuple(parenthesis: string): NameTuple | undefined {
  if (!parenthesis.includes(',') && !parenthesis.includes(':')) return undefined;
  const parts = parenthesis.split(SEPARATOR).map((part) => part.trim());
  const labelled = new Map<string, string>();
  const positional: string[] = [];
  for (const part of parts) {
    const match = /^([\p{L}][\p{L}\s]*?)\s*:\s*(.*)$/u.exec(part);
    if (match !== null) labelled.set((match[1] ?? '').toLowerCase(), match[2] ?? '');
    else if (part !== '') positional.push(part);
  }
  return parts.length > 1 || labelled.size > 0 ? { labelled, positional } : undefined;
}
