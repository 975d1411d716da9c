/**
 * xs:boolean, and the words that display strings use for it.
 *
 * @example isTrue('Да') // true
 */
export function isTrue(text: string): boolean {
  const folded = text.trim().toLowerCase();
  return folded === 'true' || folded === '1' || folded === 'да' || folded === 'истина';
}
