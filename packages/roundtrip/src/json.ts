/** Plain data: what a plan, a journal record and a piece of evidence are made of. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

/** A plain object of data. `undefined` members are left out when it is written. */
export type JsonObject = { readonly [key: string]: Json | undefined };

/**
 * The value at a dotted path (`"stdout.goods"`), or undefined where any part of the path is missing.
 *
 * @example valueAt({ stdout: { goods: 27 } }, 'stdout.goods') // 27
 */
export function valueAt(data: Json | undefined, path: string): Json | undefined {
  let value: Json | undefined = data;
  for (const part of path.split('.')) {
    if (value === null || typeof value !== 'object') return undefined;
    if (Array.isArray(value))
      value = part === 'length' ? value.length : (value[Number(part)] as Json | undefined);
    else value = (value as JsonObject)[part];
  }
  return value;
}
