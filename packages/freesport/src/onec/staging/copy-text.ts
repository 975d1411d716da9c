/** SQL NULL in COPY text. */
export const NULL_FIELD = '\\N';

const SPECIAL = /[\\\t\n\r\0]/;
const SPECIAL_ALL = /[\\\t\n\r\0]/g;
const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
  '\0': '',
};

/** A value of a COPY row: null and undefined are SQL NULL. */
export type CopyValue = string | number | boolean | null | undefined;

/**
 * One field in PostgreSQL's COPY text format (manual, "COPY", "Text Format").
 *
 * @example copyField('a\tb') // 'a\\tb'
 */
export function copyField(value: CopyValue): string {
  if (value === null || value === undefined) return NULL_FIELD;
  if (typeof value === 'string') {
    return SPECIAL.test(value) ? value.replace(SPECIAL_ALL, (sign) => ESCAPES[sign] ?? '') : value;
  }
  if (typeof value === 'boolean') return value ? 't' : 'f';
  return String(value);
}

/**
 * Fields of a row in COPY text format, without the line end.
 *
 * @example copyColumns(['a', null, 1]) // 'a\t\\N\t1'
 */
export function copyColumns(values: readonly CopyValue[]): string {
  return values.map(copyField).join('\t');
}
