const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['nbsp', ' '],
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
  ['laquo', '«'],
  ['raquo', '»'],
  ['mdash', '—'],
  ['ndash', '–'],
  ['hellip', '…'],
  ['deg', '°'],
  ['times', '×'],
  ['copy', '©'],
  ['reg', '®'],
  ['trade', '™'],
]);

/**
 * Makes one line of plain text: NBSP and its kin to spaces, runs of white space to one, none at the ends.
 *
 * @example cleanLine('Самокат 2-колесный  COSMORIDE ') // 'Самокат 2-колесный COSMORIDE'
 */
export function cleanLine(text: string): string {
  if (isCleanLine(text)) return text;
  return text.replace(/[\s\u00a0\u202f\u2007\u200b\ufeff]+/g, ' ').trim();
}

/**
 * Makes plain text of a description that may hold HTML (`<br>`, `<p>`, `&nbsp;`), escaped once more or not:
 * block ends become line feeds, other tags go, entities become characters. For display, not for security:
 * whoever renders it still escapes.
 *
 * @example htmlToText('для йоги.<br>Незаменимый&nbsp;спутник') // 'для йоги.\nНезаменимый спутник'
 */
export function htmlToText(html: string): string {
  const blocks = html
    .replace(/\r\n?/g, '\n')
    .replace(/<(script|style)\b[^>]*>[\s\S]*?<\/\1\s*>/gi, '')
    .replace(/<br\s*\/?>|<\/(?:p|div|li|tr|h[1-6]|ul|ol|table)\s*>/gi, '\n')
    .replace(/<\/?[a-z][^<>]*>/gi, '');
  return decodeHtmlEntities(blocks)
    .split('\n')
    .map(cleanLine)
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

/**
 * Resolves the HTML entities that exporters leave in texts after the XML ones are resolved. Unknown ones stay.
 *
 * @example decodeHtmlEntities('Rock &amp; Roll &#8212; 5&deg;') // 'Rock & Roll — 5°'
 */
export function decodeHtmlEntities(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,8}));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES.get(String(name).toLowerCase()) ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number.parseInt(decimal, 10);
    return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff)
      ? String.fromCodePoint(code)
      : whole;
  });
}

/** Most texts are clean already, and looking is ten times cheaper than replacing. */
function isCleanLine(text: string): boolean {
  let afterSpace = true;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === 0x20) {
      if (afterSpace) return false;
      afterSpace = true;
    } else if (code < 0x20 || code === 0xa0 || (code >= 0x1680 && isRareSpace(code))) return false;
    else afterSpace = false;
  }
  return !afterSpace || text.length === 0;
}

/** The other characters that `\s` or the list above takes for white space. */
function isRareSpace(code: number): boolean {
  return (
    code === 0x1680 ||
    (code >= 0x2000 && code <= 0x200b) ||
    code === 0x2028 ||
    code === 0x2029 ||
    code === 0x202f ||
    code === 0x205f ||
    code === 0x3000 ||
    code === 0xfeff
  );
}
