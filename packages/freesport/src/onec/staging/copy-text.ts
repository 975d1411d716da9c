/** A value of a COPY row: null and undefined are SQL NULL. */
export type CopyValue = string | number | boolean | null | undefined;

const BACKSLASH = 0x5c;
const TAB = 0x09;
const LINE_END = 0x0a;
const LETTER_N = 0x4e;
const LETTER_T = 0x74;
const LETTER_F = 0x66;
const DIGIT_0 = 0x30;

const SPECIAL = /[\\\t\n\r\0]/;
const SPECIAL_ALL = /[\\\t\n\r\0]/g;
const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
  '\0': '',
};

/** Longer texts are encoded by the runtime; up to here a call of it costs more than a loop. */
const LOOP_LENGTH_MAX = 32;

/** Below this the control characters are, some of which have to be escaped. */
const AFTER_CONTROLS = 0x0e;

/** Bytes that a row takes at most. */
export function copyRowBytesMax(values: readonly CopyValue[]): number {
  let bytes = 0;
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i];
    bytes += typeof value === 'string' ? value.length * 3 + 1 : NUMBER_BYTES_MAX;
  }
  return bytes;
}

/** The longest number as JavaScript writes it (-1.2345678901234567e-100), and a tab. */
const NUMBER_BYTES_MAX = 26;

/**
 * Writes one row in PostgreSQL's COPY text format (manual, "COPY", "Text Format") and returns where it ends. Straight into the
 * bytes that are sent: as strings, each row was garbage three times over (its fields, the row, the rows together).
 *
 * @param bytes has room for `copyRowBytesMax(values)` from `start` on.
 * @example writeCopyRow(bytes, 0, ['a\tb', null, 1]) // 'a\\tb\t\\N\t1\n'
 */
export function writeCopyRow(bytes: Buffer, start: number, values: readonly CopyValue[]): number {
  let at = start;
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i];
    if (typeof value === 'string') at = writeText(bytes, at, value);
    else if (typeof value === 'number') at = writeNumber(bytes, at, value);
    else if (value === null || value === undefined) {
      bytes[at] = BACKSLASH;
      bytes[at + 1] = LETTER_N;
      at += 2;
    } else {
      bytes[at] = value ? LETTER_T : LETTER_F;
      at += 1;
    }
    bytes[at] = TAB;
    at += 1;
  }
  bytes[at - 1] = LINE_END;
  return at;
}

function writeText(bytes: Buffer, start: number, text: string): number {
  const { length } = text;
  if (length > LOOP_LENGTH_MAX) return writeEscaped(bytes, start, text);
  let at = start;
  for (let i = 0; i < length; i += 1) {
    const code = text.charCodeAt(i);
    if (code < 0x80) {
      if (code === BACKSLASH || code < AFTER_CONTROLS) return writeEscaped(bytes, start, text);
      bytes[at] = code;
      at += 1;
    } else if (code < 0x800) {
      bytes[at] = 0xc0 | (code >> 6);
      bytes[at + 1] = 0x80 | (code & 0x3f);
      at += 2;
    } else {
      // Halves of an emoji need each other.
      if (code >= 0xd800 && code <= 0xdfff) return writeEscaped(bytes, start, text);
      bytes[at] = 0xe0 | (code >> 12);
      bytes[at + 1] = 0x80 | ((code >> 6) & 0x3f);
      bytes[at + 2] = 0x80 | (code & 0x3f);
      at += 3;
    }
  }
  return at;
}

function writeEscaped(bytes: Buffer, at: number, text: string): number {
  const escaped = SPECIAL.test(text) ? text.replace(SPECIAL_ALL, (sign) => ESCAPES[sign] ?? '') : text;
  return at + bytes.write(escaped, at);
}

function writeNumber(bytes: Buffer, start: number, value: number): number {
  if (value < 0 || value > 0x7fffffff || !Number.isInteger(value)) {
    return start + bytes.write(String(value), start, 'latin1');
  }
  let end = start + 1;
  for (let rest = value; rest >= 10; rest = (rest / 10) | 0) end += 1;
  let rest = value | 0;
  for (let at = end - 1; at >= start; at -= 1) {
    bytes[at] = DIGIT_0 + (rest % 10);
    rest = (rest / 10) | 0;
  }
  return end;
}
