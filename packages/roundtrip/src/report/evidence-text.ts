import type { JsonObject } from '../json.ts';

const TEXT_MAX = 600;

/** Evidence as one line for people: names and values, long values cut. The whole is in the data of the report. */
export function evidenceText(evidence: JsonObject): string {
  return Object.entries(evidence)
    .map(([name, value]) => {
      const text = typeof value === 'string' ? value : JSON.stringify(value ?? null);
      return `${name}: ${text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text}`;
    })
    .join('; ');
}
