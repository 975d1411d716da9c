import {
  copyBeside,
  deployRelease,
  flush,
  importCatalogue,
  migrate,
  type StepSpec,
  smokeTest,
  startServices,
  stopServices,
  switchOver,
  type Target,
  validate,
  watch,
} from 'roundtrip';
import { stepsBeforeAnyChange } from './before-any-change.ts';
import { storyProbes } from './probes.ts';
import { VARIANTS } from './releases.ts';
import { CUSTOMERS_TABLES, REVERSE_MAPPING } from './return-stream.ts';
import { type ShopBeside, shopCommands } from './shop-commands.ts';
import { validationQueries } from './validation.ts';
import { watchPlan } from './watch-plan.ts';

/**
 * The same work while customers order: a copy is migrated beside the database that serves, and the new release is
 * started beside the old one. Each serves only its own schema, and the front door asks the one that does: the exchange
 * of the two databases is the switch, there and back. The old API goes on running for as long as the way back is open.
 */
export function sideBySideSteps(target: Target): StepSpec[] {
  const shop = shopCommands(target);
  const next = requireBeside(shop.beside, target);
  const onCopy = { env: next.environment, on: 'copy' } as const;
  return [
    ...stepsBeforeAnyChange(target),
    copyBeside({
      id: 'backup',
      title: 'Copy the database beside it by a verified backup (AC1)',
      tables: CUSTOMERS_TABLES,
      owner: 'DevOps',
      planned: '10min',
    }),
    deployRelease({
      id: 'release-beside',
      tag: VARIANTS,
      beside: true,
      owner: 'DevOps',
      planned: '5min',
    }),
    migrate({
      title: 'Run schema migrations on the copy (AC2)',
      argv: next.command('migrate', '--json'),
      ...onCopy,
      owner: 'DevOps',
      planned: '3min',
    }),
    flush({
      title: 'Flush the old products of the copy (AC3)',
      argv: next.command('flush-products', '--confirm', '--json'),
      ...onCopy,
      deletes: ['product_variants', 'products'],
      owner: 'DevOps',
      planned: '2min',
    }),
    importCatalogue({
      title: 'Import the catalogue from 1C into the copy (AC4)',
      argv: next.command('import-products-from-1c', '--full', '--json', shop.exchange),
      ...onCopy,
      owner: 'Backend',
      planned: '30min',
    }),
    validate({
      title: 'Validate the copy before it serves (AC5)',
      expectations: validationQueries,
      on: 'copy',
      owner: 'QA',
      planned: '5min',
    }),
    startServices({
      id: 'api-beside',
      services: [next.api],
      title: 'Start the new API beside the old one',
      owner: 'DevOps',
      planned: '1min',
    }),
    stopServices({
      id: 'worker-off',
      services: [shop.worker],
      title: 'Let the old worker end its jobs',
      owner: 'DevOps',
      planned: '1min',
    }),
    switchOver({
      title: 'Prove users, orders and carts equal, and switch (IV1, IV2)',
      mapping: REVERSE_MAPPING,
      fence: '5s',
      owner: 'DevOps',
      planned: '1min',
    }),
    deployRelease({ tag: VARIANTS, owner: 'DevOps', planned: '1min' }),
    startServices({
      id: 'worker-on',
      services: [next.worker],
      title: 'Start the new worker',
      owner: 'DevOps',
      planned: '1min',
    }),
    smokeTest({
      title: 'Smoke tests of the API (IV3)',
      probes: storyProbes(shop),
      owner: 'QA',
      planned: '10min',
    }),
    watch({
      title: 'Watch for 24 h',
      plan: watchPlan(shop, target),
      owner: 'DevOps',
      planned: '24h',
      timeout: '7d',
    }),
  ];
}

function requireBeside(beside: ShopBeside | undefined, { name }: Target): ShopBeside {
  if (beside !== undefined) return beside;
  throw new Error(`target "${name}" lacks nextPort, where the new release is started beside the old one`);
}
