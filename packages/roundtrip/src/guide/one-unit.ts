/**
 * A duration without parts that are nothing, and days where it is whole ones: planned times are round, and "5min 0s" is
 * more than is known of them.
 *
 * @example oneUnit(formatMs(300_000)) // "5min"
 */
export function oneUnit(text: string): string {
  const hours = Number(/^(\d+)h$/.exec(text)?.[1] ?? 0);
  if (hours > 24 && hours % 24 === 0) return `${hours / 24}d`;
  return text
    .replace(/^0min /, '')
    .replace(/ 0(?:s|min)$/, '')
    .replace(/\.0s$/, 's');
}
