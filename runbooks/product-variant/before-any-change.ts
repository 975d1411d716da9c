import { approve, baseline, runCommand, type StepSpec, type Target } from 'roundtrip';
import { shopCommands } from './shop-commands.ts';
import { baselineLasts, watchPlan } from './watch-plan.ts';

/**
 * How both strategies begin: a human agrees, the exchange is counted, the shop is measured. Whatever fails here leaves
 * production as it was.
 */
export function stepsBeforeAnyChange(target: Target): StepSpec[] {
  const shop = shopCommands(target);
  return [
    approve({
      id: 'meeting',
      question: 'Pre-deployment meeting: everyone ready?',
      owner: 'Team',
      planned: '15min',
    }),
    runCommand({
      id: 'exchange',
      title: 'Count what the 1C exchange holds',
      argv: shop.inspectExchange(),
      effect: 'none',
      owner: 'Backend',
      planned: '1min',
    }),
    baseline({
      title: 'Measure the shop before the change',
      plan: watchPlan(shop, target),
      lasts: baselineLasts(target),
      owner: 'DevOps',
      planned: '5min',
    }),
  ];
}
