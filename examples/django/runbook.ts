import path from 'node:path';
import {
  backup,
  defineRunbook,
  flush,
  importCatalogue,
  migrate,
  proveTables,
  readTargets,
  returnStream,
  runCommand,
  validate,
  wayBack,
} from 'roundtrip';

const PROJECT = import.meta.dirname;
const PROTECTED = ['orders', 'order_items', 'cart_items'];

/**
 * Story 13.4 in Django's own commands. The setting `django` of the target chooses the variant: `shop.settings_story` is
 * the plan as it was written, which the flush step refuses; `shop.settings_kept` is the one that goes through.
 */
export default defineRunbook({
  name: 'django-shop',
  title: 'Product variants in a Django shop',
  targets: readTargets(process.env.ROUNDTRIP_TARGETS ?? path.join(PROJECT, 'targets.json')),
  window: { start: '02:00', end: '04:00', zone: 'Europe/Moscow' },
  protectedTables: PROTECTED,
  matrix: [],
  steps: (target) => {
    const manage = (...argv: string[]) => ({
      argv: [target.settings.python ?? 'python3', path.join(PROJECT, 'manage.py'), ...argv],
      env: {
        DJANGO_SETTINGS_MODULE: target.settings.django ?? 'shop.settings_kept',
        PYTHONDONTWRITEBYTECODE: '1',
      },
    });
    return [
      runCommand({
        id: 'models',
        title: 'The models and the migrations say the same',
        ...manage('makemigrations', '--check', '--dry-run'),
        database: true,
        effect: 'none',
      }),
      backup(),
      wayBack(),
      migrate(manage('migrate', '--no-input')),
      flush({ ...manage('flush_products', '--confirm'), deletes: ['product_variants', 'products'] }),
      importCatalogue(manage('import_products_from_1c', '--full', path.join(PROJECT, 'exchange'))),
      validate({
        expectations: [
          {
            name: 'products',
            sql: 'SELECT count(*) FROM products',
            is: '=',
            value: { evidence: 'import', path: 'stdout.products' },
          },
          {
            name: 'variants',
            sql: 'SELECT count(*) FROM product_variants',
            is: '=',
            value: { evidence: 'import', path: 'stdout.variants' },
          },
        ],
      }),
      proveTables({ tables: 'protected' }),
      returnStream({ tables: PROTECTED }),
    ];
  },
});
