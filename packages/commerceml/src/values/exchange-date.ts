/** A date of an exchange: 1C writes local time without a zone, so it is no instant. */
export interface ExchangeDate {
  /** `2014-06-01T00:36:33`, two digits everywhere, no zone. */
  readonly local: string;
  /** Whether the text said UTC (WooCommerce's plug-in: `2022-10-31UTC02:25:51`, or a `Z`). */
  readonly utc: boolean;
  /** Whether the text was written as the schema wants it. */
  readonly regular: boolean;
}

const DATE =
  /^\s*(\d{4})-(\d{1,2})-(\d{1,2})(?:(T|\s+|\s*UTC\s*)(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.\d+)?)?(Z)?)?\s*$/;

/**
 * Reads `ДатаФормирования` in the spellings that were seen, one-digit hours included.
 *
 * @returns undefined for what is no date, and for 1C's empty date 0001-01-01.
 * @example parseExchangeDate('2014-06-01T0:36:33')?.local // '2014-06-01T00:36:33'
 */
export function parseExchangeDate(text: string): ExchangeDate | undefined {
  const match = DATE.exec(text);
  if (match === null) return undefined;
  const [year, month, day] = [match[1], match[2], match[3]].map(Number);
  const [hour, minute, second] = [match[5], match[6], match[7]].map((part) => Number(part ?? 0));
  if (year === undefined || month === undefined || day === undefined || year <= 1) return undefined;
  const utcMs = Date.UTC(year, month - 1, day, hour, minute, second);
  const iso = new Date(utcMs).toISOString().slice(0, 19);
  const parts = `${year}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}:${two(second)}`;
  // Date.UTC rolls 31 February over to March; a date that does not survive is no date.
  if (iso !== parts) return undefined;
  const utc = match[8] === 'Z' || (match[4] ?? '').includes('UTC');
  return { local: parts, utc, regular: text === parts };
}

function two(value: number | undefined): string {
  return String(value ?? 0).padStart(2, '0');
}
