import {
  defineRunbook,
  deployRelease,
  readTargets,
  smokeTest,
  startServices,
  stopServices,
  storyMatrix,
  type Target,
} from 'roundtrip';
import { storyChecks } from './checks.ts';
import { inPlaceSteps } from './in-place.ts';
import { afterRollbackProbes } from './probes.ts';
import { LEGACY, VARIANTS } from './releases.ts';
import { shopCommands } from './shop-commands.ts';
import { sideBySideSteps } from './side-by-side.ts';

/** Story 13.4: from "every SKU is a Product" to "Product with ProductVariants", in the story's order and times. */
export default defineRunbook({
  name: 'product-variant',
  title: 'Story 13.4: Product with ProductVariants',
  targets: readTargets(process.env.ROUNDTRIP_TARGETS ?? 'targets.json'),
  releases: { from: LEGACY, to: VARIANTS },
  window: { start: '02:00', end: '04:00', zone: 'Europe/Moscow' },
  // IV1 and IV2: every row of these, byte for byte.
  protectedTables: ['users', 'orders', 'order_items', 'cart_items'],
  matrix: storyMatrix(),
  checks: storyChecks,

  // A target that has a port for the new release beside the old one keeps serving; any other closes for the night.
  steps: (target: Target) =>
    target.settings.nextPort === undefined ? inPlaceSteps(target) : sideBySideSteps(target),

  // Staging starts where production is: the previous release, serving.
  stagingPrelude: (target) => {
    const shop = shopCommands(target);
    return [
      deployRelease({ id: 'staging-release', tag: LEGACY, title: 'Deploy the present release to staging' }),
      startServices({ id: 'staging-services', services: shop.around.services, title: 'Start staging' }),
      smokeTest({
        id: 'staging-ready',
        title: 'Staging serves the present release',
        probes: afterRollbackProbes(shop),
      }),
    ];
  },
  stagingEpilogue: (target) => {
    const shop = shopCommands(target);
    return [stopServices({ id: 'staging-off', services: shop.around.services, title: 'Stop staging' })];
  },
  afterRollback: (target) => [
    smokeTest({
      id: 'returned',
      title: 'The previous release serves again',
      probes: afterRollbackProbes(shopCommands(target)),
      owner: 'QA',
      planned: '2min',
    }),
  ],
});
