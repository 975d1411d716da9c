/** What PostgreSQL keeps of a name (`NAMEDATALEN` less its end); the rest is cut off in silence. */
const NAME_BYTES_MAX = 63;

/**
 * A database's name with a suffix that tells it apart, cut so that the server cuts nothing: what it would cut is the
 * suffix, and without that a request to drop the return database is one to drop production. Counted in bytes, of which a
 * Cyrillic letter has two.
 *
 * @example suffixedName('shop', '_return_ab12') // 'shop_return_ab12'
 */
export function suffixedName(database: string, suffix: string): string {
  let kept = '';
  for (const letter of database) {
    if (Buffer.byteLength(kept + letter + suffix) > NAME_BYTES_MAX) break;
    kept += letter;
  }
  return `${kept}${suffix}`;
}

/**
 * Whether the server would take another name for this one.
 *
 * @example isCutByServer('x'.repeat(64)) // true
 */
export function isCutByServer(name: string): boolean {
  return Buffer.byteLength(name) > NAME_BYTES_MAX;
}
