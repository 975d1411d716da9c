import { existsSync } from 'node:fs';
import path from 'node:path';
import { formatMs } from 'roundtrip/cli';
import type { Night } from './night.ts';

/** One acceptance criterion or integration verification of the story, with what shows it. */
export interface Acceptance {
  readonly id: string;
  readonly text: string;
  readonly holds: boolean;
  readonly shownBy: string;
}

const GUIDES = ['migration-guide.md', 'migration-guide.ru.md', 'admin-guide.md', 'admin-guide.ru.md'];
const DOCS = path.resolve(import.meta.dirname, '../../../docs/migrations');

/** The story's seven criteria and three verifications, each held against what this night really showed. */
export function acceptance(night: Night): Acceptance[] {
  const { report, rehearsal, before, afterRun, afterRollback } = night;
  const step = (id: string) => report.summary.timeline.find((row) => row.id === id);
  const done = (id: string): boolean =>
    ['verified', 'undone'].includes(step(id)?.result ?? '') && step(id)?.error === null;
  const took = (id: string): string => `step ${id} in ${formatMs(step(id)?.actualMs ?? 0)}`;
  const equal = (...tables: string[]): boolean =>
    tables.every((table) => {
      const at = (facts: Night['before']) =>
        facts.protectedTables.find((fact) => fact.table === table)?.fingerprint;
      return at(before) !== undefined && at(before) === at(afterRun) && at(before) === at(afterRollback);
    });
  const drill = rehearsal.summary.rollback;
  const { trust } = report.summary.backup ?? {};
  const rows: Acceptance[] = [
    {
      id: 'AC1',
      text: 'pre-migration backup made with pg_dump',
      holds: trust === 'T3',
      shownBy: `trust level ${String(trust)}: restored with equal fingerprints`,
    },
    {
      id: 'AC2',
      text: 'schema migration ran without errors',
      holds: done('migrate'),
      shownBy: took('migrate'),
    },
    {
      id: 'AC3',
      text: 'old products flushed by a management command',
      holds: done('flush'),
      shownBy: `${took('flush')}, no protected row in its blast radius`,
    },
    {
      id: 'AC4',
      text: 'full import of the catalogue from 1C',
      holds: done('import'),
      shownBy: took('import'),
    },
    {
      id: 'AC5',
      text: 'products and variants as many as expected',
      holds: done('validate'),
      shownBy: `${afterRun.products} products, ${afterRun.variants ?? 'no'} variants, as the exchange counts them`,
    },
    {
      id: 'AC6',
      text: 'rollback tested on staging',
      holds: rehearsal.summary.verdict === 'rolled-back' && report.summary.receipt !== null,
      shownBy: drill === null ? 'no drill' : `rehearsed in ${formatMs(drill.ms)}, with a receipt`,
    },
    {
      id: 'AC7',
      text: 'migration guide and admin guide',
      holds: GUIDES.every((file) => existsSync(path.join(DOCS, file))),
      shownBy: 'docs/migrations, in Russian and English',
    },
    {
      id: 'IV1',
      text: 'orders, order_items, cart_items unchanged',
      holds: equal('orders', 'order_items', 'cart_items'),
      shownBy: 'every row by its digest, after the run and after the rollback',
    },
    {
      id: 'IV2',
      text: 'users and orders kept',
      holds: equal('users', 'orders') && night.ordersLost === 0,
      shownBy: `every row; ${night.ordersPlaced} orders meanwhile, ${night.ordersLost} lost`,
    },
    {
      id: 'IV3',
      text: 'API works after the migration',
      holds: done('smoke-test'),
      shownBy: took('smoke-test'),
    },
  ];
  return rows;
}
