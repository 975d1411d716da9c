/** The migration of the picture in README.md: prices that were floating point become exact, beside a shop that serves. */
import { copyBeside, defineRunbook, migrate, readTargets, switchOver, validate } from 'roundtrip';

export default defineRunbook({
  name: 'exact-prices',
  title: 'Exact prices',
  targets: readTargets(process.env.ROUNDTRIP_TARGETS ?? 'targets.json'),
  window: { start: '00:00', end: '23:59', zone: 'UTC' },
  protectedTables: ['orders', 'order_items'],
  steps: () => [
    copyBeside({ tables: ['orders', 'order_items'], planned: '15s' }),
    migrate({
      argv: ['psql', '-X', '-q', '-c', 'ALTER TABLE products ALTER COLUMN price TYPE numeric(10,2)'],
      on: 'copy',
      planned: '5s',
    }),
    validate({
      on: 'copy',
      planned: '5s',
      expectations: [
        {
          name: 'no price is lost',
          sql: 'SELECT count(*) FROM products WHERE price > 0',
          is: '=',
          value: 5000,
        },
      ],
    }),
    switchOver({ planned: '2s' }),
  ],
  matrix: [],
});
