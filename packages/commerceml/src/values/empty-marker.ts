/** How 1C writes "nothing" (commerceml.md of the format: empty element, nil guid, a sentinel, a placeholder). */
export type EmptyMarker = 'empty' | 'nil' | 'sentinel' | 'placeholder';

/** The guid of no object. */
export const NIL_GUID = '00000000-0000-0000-0000-000000000000';

const PLACEHOLDERS: ReadonlySet<string> = new Set([
  '-',
  '–',
  '—',
  'без бренда',
  'no name',
  'noname',
  'no brand',
  'в ассортименте',
  'ассорти',
  'не указан',
  'не указано',
  'нет данных',
  'неизвестная характеристика',
]);

/**
 * Says whether a value stands for "nothing", and how. `-999999999.9` is 1C's empty number (written
 * `-999 999 999,9` with U+00A0 in display strings), `0001-01-01…` its empty date.
 *
 * @returns undefined for a real value.
 * @example emptyMarker('-999\u00a0999\u00a0999,9') // 'sentinel'
 */
export function emptyMarker(value: string): EmptyMarker | undefined {
  const length = value.length;
  if (length === 0) return 'empty';
  const first = value.charCodeAt(0);
  // Four quick refusals by the first character keep this out of the profile of a million offers.
  if (first === 0x2d && isSentinelNumber(value)) return 'sentinel';
  if (first === 0x30 && value === NIL_GUID) return 'nil';
  if (first === 0x30 && value.startsWith('0001-01-01')) return 'sentinel';
  if (length > 32) return value.trim() === '' ? 'empty' : undefined;
  const folded = value.trim().toLowerCase();
  if (folded === '') return 'empty';
  return PLACEHOLDERS.has(folded) ? 'placeholder' : undefined;
}

function isSentinelNumber(value: string): boolean {
  return value.length >= 10 && value.replace(/[\s\u00a0\u202f]+/g, '').replace(',', '.') === '-999999999.9';
}
