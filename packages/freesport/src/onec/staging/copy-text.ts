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
  if (value === null || value === undefined) return '\\N';
  if (typeof value === 'string') {
    return SPECIAL.test(value) ? value.replace(SPECIAL_ALL, (sign) => ESCAPES[sign] ?? '') : value;
  }
  if (typeof value === 'boolean') return value ? 't' : 'f';
  return String(value);
}

/**
 * One row in COPY text format, with its line end.
 *
 * @example copyRow(['a', null, 1]) // 'a\t\\N\t1\n'
 */
export function copyRow(values: readonly CopyValue[]): string {
  let row = '';
  for (let index = 0; index < values.length; index += 1) {
    if (index > 0) row += '\t';
    row += copyField(values[index]);
  }
  return `${row}\n`;
}
