import type { Plan } from '../runbook/plan.ts';

/**
 * Puts the release that is deployed into a text: `{commit}` and `{tag}`.
 *
 * @example filledIn('https://ci.example/{commit}', plan) // 'https://ci.example/0c9ff2…'
 */
export function filledIn(text: string, { releases }: Pick<Plan, 'releases'>): string {
  if (releases === null) return text;
  return text.replaceAll('{commit}', releases.toCommit).replaceAll('{tag}', releases.to);
}
