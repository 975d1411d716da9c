import path from 'node:path';
import {
  copyBeside,
  defineRunbook,
  deployRelease,
  flush,
  importCatalogue,
  migrate,
  readTargets,
  smokeTest,
  switchOver,
  type Target,
  validate,
} from '../../src/index.ts';
import { BORN_LATER, toySql } from './toy-runbook.ts';

/** The toy migration beside a production that serves: no maintenance, no stopped service. */
export default defineRunbook({
  name: 'toy',
  title: 'Toy migration, side by side',
  targets: readTargets(process.env.TOY_TARGETS ?? 'missing'),
  releases: { from: 'v1', to: 'v2' },
  window: { start: '02:00', end: '04:00', zone: 'UTC' },
  protectedTables: ['orders', 'order_items'],
  matrix: [],
  steps: (target: Target) => [
    copyBeside({ tables: ['orders', 'order_items'] }),
    migrate({ ...toySql(target, 'migrate.sql'), on: 'copy' }),
    flush({ ...toySql(target, 'flush.sql'), deletes: ['products'], on: 'copy' }),
    importCatalogue({ ...toySql(target, process.env.TOY_IMPORT ?? 'import.sql'), on: 'copy' }),
    validate({
      on: 'copy',
      expectations: [{ name: 'products', sql: 'SELECT count(*) FROM products', is: '=', value: 3 }],
    }),
    deployRelease({ tag: 'v2' }),
    switchOver({
      mapping: process.env.TOY_MAPPING === 'none' ? [] : BORN_LATER,
      compareBehindFence: process.env.TOY_COMPARE === 'behind-fence',
    }),
    smokeTest({ probes: [readProbe(target)] }),
  ],
  stagingPrelude: () => [deployRelease({ id: 'staging-release', tag: 'v1' })],
  afterRollback: (target) => [smokeTest({ id: 'returned', probes: [readProbe(target)] })],
});

function readProbe(target: Target) {
  const url = `${target.settings.baseUrl}/read`;
  return { name: path.basename(url), request: { url }, expect: { status: 200 } };
}
