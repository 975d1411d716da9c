const LATIN: Readonly<Record<string, string>> = {
  а: 'a',
  б: 'b',
  в: 'v',
  г: 'g',
  д: 'd',
  е: 'e',
  ё: 'e',
  ж: 'zh',
  з: 'z',
  и: 'i',
  й: 'y',
  к: 'k',
  л: 'l',
  м: 'm',
  н: 'n',
  о: 'o',
  п: 'p',
  р: 'r',
  с: 's',
  т: 't',
  у: 'u',
  ф: 'f',
  х: 'h',
  ц: 'ts',
  ч: 'ch',
  ш: 'sh',
  щ: 'sch',
  ъ: '',
  ы: 'y',
  ь: '',
  э: 'e',
  ю: 'yu',
  я: 'ya',
  і: 'i',
  ї: 'yi',
  є: 'e',
  ґ: 'g',
  ў: 'u',
};

/** Longest slug made from a name, so that `-` and a ten-digit suffix still fit varchar(255). */
const SLUG_LENGTH_MAX = 200;

/**
 * The slug that a name asks for: transliterated, lower case, `[a-z0-9-]`. It is not yet unique: the merge appends a
 * suffix taken from the 1C id where two rows ask for the same one, so that the result does not depend on the order
 * of arrival. A name without a usable letter gives `fallback`.
 *
 * @example slugBase('Бутсы Футбольные, синий', 'item') // 'butsy-futbolnye-siniy'
 */
export function slugBase(name: string, fallback: string): string {
  const text = plainSlug(name.toLowerCase()) ?? folded(name);
  const slug = text.slice(0, SLUG_LENGTH_MAX).replace(/^-+|-+$/g, '');
  return slug === '' ? fallback : slug;
}

/** Where slugs are put together: as strings, each letter would be garbage. */
const BYTES = Buffer.allocUnsafeSlow(1024);
const DASH = 0x2d;

/** `LATIN` by character code. */
const LATIN_BY_CODE = Object.entries(LATIN).reduce<(string | undefined)[]>((table, [letter, latin]) => {
  table[letter.charCodeAt(0)] = latin;
  return table;
}, Array(0x500).fill(undefined));

/** The whole of it for names of Cyrillic letters and ASCII, which nearly all are; ten times as fast. */
function plainSlug(lower: string): string | undefined {
  // No letter becomes more than three, and a dash.
  if (lower.length * 4 > BYTES.length) return undefined;
  let length = 0;
  let dash = false;
  for (let i = 0; i < lower.length; i += 1) {
    const code = lower.charCodeAt(i);
    const plain = (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39);
    const latin = plain ? undefined : LATIN_BY_CODE[code];
    if (!plain && latin === undefined) {
      if (code > 0x7f) return undefined;
      dash = true;
      continue;
    }
    if (latin === '') continue;
    if (dash) {
      BYTES[length] = DASH;
      length += 1;
      dash = false;
    }
    if (latin === undefined) {
      BYTES[length] = code;
      length += 1;
    } else {
      for (let n = 0; n < latin.length; n += 1) BYTES[length + n] = latin.charCodeAt(n);
      length += latin.length;
    }
  }
  return BYTES.toString('latin1', 0, length);
}

function folded(name: string): string {
  let text = '';
  for (const letter of name.normalize('NFKC').toLowerCase()) text += LATIN[letter] ?? letter;
  return text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/[^a-z0-9]+/g, '-');
}
