/** What a decimal looked like before it was normalised. */
export interface ParsedDecimal {
  /** Exact, with a dot, without spaces: `"3037.50"`, `"-1"`. */
  readonly text: string;
  readonly hadComma: boolean;
}

/**
 * Normalises a decimal of a CommerceML file without ever making a float of it: comma to dot, thousands
 * separators (space, U+00A0, U+202F) and a leading plus removed, `−` (U+2212) to `-`, `.5` to `0.5`. Trailing
 * zeros stay, because the file says how exact it is.
 *
 * @returns undefined where the text is no decimal (also empty).
 * @example normalizeDecimal('-999\u00a0999\u00a0999,9') // '-999999999.9'
 */
export function normalizeDecimal(raw: string): string | undefined {
  return parseDecimal(raw)?.text;
}

/**
 * As `normalizeDecimal`, and says whether the file used a comma.
 *
 * @example parseDecimal('12,50') // { text: '12.50', hadComma: true }
 */
export function parseDecimal(raw: string): ParsedDecimal | undefined {
  if (isPlainDecimal(raw)) return { text: raw, hadComma: false };
  const spaceless = raw.replace(/[\s\u00a0\u202f\u2009]+/g, '').replace(/^\u2212/, '-');
  const match = /^([+-]?)(\d*)(?:([.,])(\d*))?$/.exec(spaceless);
  const whole = match?.[2] ?? '';
  const fraction = match?.[4] ?? '';
  if (match === null || (whole === '' && fraction === '')) return undefined;
  const sign = match[1] === '-' ? '-' : '';
  const tail = fraction === '' ? '' : `.${fraction}`;
  return { text: `${sign}${whole === '' ? '0' : whole}${tail}`, hadComma: match[3] === ',' };
}

/** `-?digits(.digits)?`, tested by hand because it runs for every price. */
export function isPlainDecimal(raw: string): boolean {
  const length = raw.length;
  let i = raw.charCodeAt(0) === 0x2d ? 1 : 0;
  const first = i;
  while (i < length && isDigit(raw.charCodeAt(i))) i += 1;
  if (i === first) return false;
  if (i === length) return true;
  if (raw.charCodeAt(i) !== 0x2e) return false;
  i += 1;
  const fraction = i;
  while (i < length && isDigit(raw.charCodeAt(i))) i += 1;
  return i === length && i > fraction;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** Adds decimals exactly. */
export class DecimalSum {
  #scaled = 0n;
  #scale = 0;
  /** Whole hundredths are added here as integers while they are exact, which spares a BigInt a row. */
  #cents = 0;

  /** Adds a normalised decimal. */
  add(decimal: string): void {
    const dot = decimal.indexOf('.');
    const digits = dot === -1 ? 0 : decimal.length - dot - 1;
    if (digits <= 2 && decimal.length <= 12) {
      this.#cents += Math.round(Number(decimal) * 100);
      if (Math.abs(this.#cents) > 2 ** 52) this.#flush();
      return;
    }
    this.#addScaled(BigInt(decimal.replace('.', '')), digits);
  }

  /** The exact sum, without trailing zeros after the dot. */
  toString(): string {
    this.#flush();
    const negative = this.#scaled < 0n;
    const text = (negative ? -this.#scaled : this.#scaled).toString().padStart(this.#scale + 1, '0');
    const whole = text.slice(0, text.length - this.#scale);
    const fraction = text.slice(text.length - this.#scale).replace(/0+$/, '');
    return `${negative ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
  }

  #flush(): void {
    const cents = this.#cents;
    this.#cents = 0;
    this.#addScaled(BigInt(cents), 2);
  }

  #addScaled(value: bigint, scale: number): void {
    if (scale > this.#scale) {
      this.#scaled *= 10n ** BigInt(scale - this.#scale);
      this.#scale = scale;
    }
    this.#scaled += value * 10n ** BigInt(this.#scale - scale);
  }
}
