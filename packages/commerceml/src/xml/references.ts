/**
 * Entity and character references. Only the five predefined entities exist: a DOCTYPE is skipped without being
 * read, so there is nothing external to fetch and nothing to expand (no "billion laughs").
 */

/** Why a reference could not be resolved; `at` is its index in the text. */
export interface BadReference {
  readonly at: number;
  readonly undefinedEntity: boolean;
  readonly seen: string;
}

const PREDEFINED = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

/**
 * Whether a code point may stand in an XML 1.0 document (§2.2, production `Char`).
 *
 * @example isXmlChar(0x0b) // false
 */
export function isXmlChar(code: number): boolean {
  return (
    code === 0x9 ||
    code === 0xa ||
    code === 0xd ||
    (code >= 0x20 && code <= 0xd7ff) ||
    (code >= 0xe000 && code <= 0xfffd) ||
    (code >= 0x10000 && code <= 0x10ffff)
  );
}

/** Resolves the references of a text; returns the first bad one instead, if there is one. */
export function resolveReferences(text: string): string | BadReference {
  let result = '';
  let from = 0;
  for (let at = text.indexOf('&'); at !== -1; at = text.indexOf('&', from)) {
    const end = text.indexOf(';', at + 1);
    const body = end === -1 ? text.slice(at + 1) : text.slice(at + 1, end);
    const value = end === -1 ? undefined : resolveOne(body);
    if (value === undefined) {
      const undefinedEntity = end !== -1 && /^[^#\s&<]+$/u.test(body);
      return { at, undefinedEntity, seen: text.slice(at, Math.min(text.length, at + 40)) };
    }
    result += text.slice(from, at) + value;
    from = end + 1;
  }
  return result + text.slice(from);
}

function resolveOne(body: string): string | undefined {
  if (body.charCodeAt(0) !== 0x23) return PREDEFINED.get(body);
  const hex = /^#x([0-9a-fA-F]+)$/.exec(body)?.[1];
  const decimal = hex === undefined ? /^#([0-9]+)$/.exec(body)?.[1] : undefined;
  const code = hex !== undefined ? Number.parseInt(hex, 16) : Number.parseInt(decimal ?? 'x', 10);
  return isXmlChar(code) ? String.fromCodePoint(code) : undefined;
}
