export type { WatchPlan } from './watch-plan.ts';
export type WatchSample = Record<string, unknown>;
export async function runWatch(_options: Record<string, unknown>): Promise<Record<string, unknown>> {
  return { verdict: 'pass', reason: 'stub' };
}
