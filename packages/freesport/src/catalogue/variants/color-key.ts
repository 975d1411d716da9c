/**
 * The key by which a colour's name finds its mapping: lower case, ё as е. The same rule makes
 * `color_mappings.normalized_name` in the database.
 *
 * @example
 * colorKey('Чёрный') === colorKey('черный'); // true
 */
export function colorKey(name: string): string {
  return name.trim().toLowerCase().replaceAll('ё', 'е');
}
