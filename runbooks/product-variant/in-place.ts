import {
  backup,
  deployRelease,
  flush,
  importCatalogue,
  maintenanceOff,
  maintenanceOn,
  migrate,
  proveTables,
  returnStream,
  type StepSpec,
  smokeTest,
  startServices,
  stopServices,
  type Target,
  validate,
  watch,
  wayBack,
} from 'roundtrip';
import { stepsBeforeAnyChange } from './before-any-change.ts';
import { frontDoor, readinessProbe, storyProbes } from './probes.ts';
import { VARIANTS } from './releases.ts';
import { CUSTOMERS_TABLES, REVERSE_MAPPING } from './return-stream.ts';
import { shopCommands } from './shop-commands.ts';
import { validationQueries } from './validation.ts';
import { watchPlan } from './watch-plan.ts';

/** The story's own order and times: the shop is closed while its database is migrated. */
export function inPlaceSteps(target: Target): StepSpec[] {
  const shop = shopCommands(target);
  const { closedBy, services } = shop.around;
  const door = { ...frontDoor(shop), ...closedBy };
  return [
    ...stepsBeforeAnyChange(target),
    maintenanceOn({ ...door, owner: 'DevOps', planned: '2min' }),
    stopServices({ services, title: 'Stop the API and the workers', owner: 'DevOps', planned: '1min' }),
    backup({
      title: 'Create and verify the pre-migration backup (AC1)',
      owner: 'DevOps',
      planned: '10min',
    }),
    wayBack({ owner: 'DevOps', planned: '1min' }),
    deployRelease({ tag: VARIANTS, owner: 'DevOps', planned: '5min' }),
    migrate({
      title: 'Run schema migrations (AC2)',
      argv: shop.command('migrate', '--json'),
      env: shop.environment,
      owner: 'DevOps',
      planned: '3min',
    }),
    flush({
      title: 'Flush the old products (AC3)',
      argv: shop.command('flush-products', '--confirm', '--json'),
      env: shop.environment,
      deletes: ['product_variants', 'products'],
      owner: 'DevOps',
      planned: '2min',
    }),
    importCatalogue({
      title: 'Import the catalogue from 1C (AC4)',
      argv: shop.command('import-products-from-1c', '--full', '--json', shop.exchange),
      env: shop.environment,
      owner: 'Backend',
      planned: '30min',
    }),
    validate({
      title: 'Post-migration validation (AC5)',
      expectations: validationQueries,
      owner: 'QA',
      planned: '5min',
    }),
    proveTables({
      title: 'Prove users, orders and carts unchanged (IV1, IV2)',
      tables: 'protected',
      owner: 'QA',
      planned: '1min',
    }),
    returnStream({ tables: CUSTOMERS_TABLES, mapping: REVERSE_MAPPING, owner: 'DevOps', planned: '1min' }),
    startServices({ services, title: 'Start the API and the workers', owner: 'DevOps', planned: '1min' }),
    smokeTest({
      id: 'ready',
      title: 'The new release is ready to sell',
      probes: [readinessProbe(shop)],
      owner: 'DevOps',
      planned: '1min',
    }),
    maintenanceOff({ ...door, owner: 'DevOps', planned: '2min' }),
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
