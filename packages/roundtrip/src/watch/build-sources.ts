export function buildSources(..._x: unknown[]): unknown[] {
  return [];
}
