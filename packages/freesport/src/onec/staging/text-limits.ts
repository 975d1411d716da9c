/**
 * The first characters of a text, counted as PostgreSQL's `left` does: an emoji is one, though JavaScript counts two.
 *
 * @example leading('😀😀', 1) // '😀'
 */
export function leading(text: string, charactersMax: number): string {
  if (text.length <= charactersMax) return text;
  return [...text].slice(0, charactersMax).join('');
}

/**
 * A text without spaces at its ends. Only spaces, as PostgreSQL's `trim`: a tab in an article is a part of it.
 *
 * @example trimSpaces(' 796 ') // '796'
 */
export function trimSpaces(text: string): string {
  const { length } = text;
  if (text.charCodeAt(0) !== SPACE && text.charCodeAt(length - 1) !== SPACE) return text;
  let start = 0;
  let end = length;
  while (start < end && text.charCodeAt(start) === SPACE) start += 1;
  while (end > start && text.charCodeAt(end - 1) === SPACE) end -= 1;
  return text.slice(start, end);
}

const SPACE = 0x20;
