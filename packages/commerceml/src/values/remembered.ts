const ENTRIES_MAX = 20_000;

/**
 * A pure function of one text with its results remembered: an exchange has few distinct colours, sizes and names of
 * characteristics, and a million offers. The memory is bounded by starting anew when it is full, which is cheaper than
 * keeping track of age and is never wrong.
 *
 * @example const parse = remembered(parseSlowly); parse('синий') === parse('синий') // the same object
 */
export function remembered<T>(compute: (text: string) => T): (text: string) => T {
  const results = new Map<string, T>();
  return (text) => {
    const known = results.get(text);
    if (known !== undefined) return known;
    const result = compute(text);
    if (results.size >= ENTRIES_MAX) results.clear();
    results.set(text, result);
    return result;
  };
}
