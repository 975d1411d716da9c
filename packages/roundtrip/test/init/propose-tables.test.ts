import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TableFacts } from '../../src/init/database-facts.ts';
import { proposeTables } from '../../src/init/propose-tables.ts';
import type { ForeignKey } from '../../src/postgres/foreign-keys.ts';

function table(name: string, facts: Partial<TableFacts> = {}): TableFacts {
  return {
    table: `public.${name}`,
    rows: 10,
    bytes: 8192,
    indexBytes: 0,
    keyed: true,
    logged: true,
    changes: 0,
    ...facts,
  };
}

function key(from: string, to: string): ForeignKey {
  return {
    name: `${from}_${to}`,
    table: `public.${from}`,
    columns: [`${to}_id`],
    target: `public.${to}`,
    targetColumns: ['id'],
    validated: true,
    onDelete: 'a',
  };
}

const SHOP = {
  tables: [
    table('orders', { rows: 1000 }),
    table('order_lines', { rows: 3000 }),
    table('parcels'),
    table('parcel_scans'),
    table('warehouses'),
    table('products', { changes: 5 }),
    table('notes', { changes: 7 }),
    table('django_migrations', { changes: 3 }),
    table('django_session', { changes: 900 }),
    table('readings', { rows: 90_000 }),
    table('flags'),
    table('order_drafts', { logged: false }),
  ],
  foreignKeys: [
    key('order_lines', 'orders'),
    key('order_lines', 'products'),
    key('parcels', 'orders'),
    key('parcels', 'warehouses'),
    key('parcel_scans', 'parcels'),
    key('parcel_scans', 'parcel_scans'),
  ],
};

describe('the tables that are proposed to be protected', () => {
  it('are facts, what belongs to them, what is written, what they point at, and what is large', () => {
    const proposed = new Map(proposeTables(SHOP).map((row) => [row.table.slice('public.'.length), row]));
    const because = (name: string): [boolean | undefined, string | undefined] => [
      proposed.get(name)?.isProtected,
      proposed.get(name)?.why,
    ];
    assert.deepEqual(because('orders')[0], true);
    assert.deepEqual(because('parcels'), [true, 'its rows belong to those of public.orders']);
    assert.deepEqual(because('parcel_scans'), [true, 'its rows belong to those of public.parcels']);
    assert.deepEqual(because('notes'), [true, '7 rows were updated or deleted: somebody writes it']);
    assert.deepEqual(because('warehouses'), [true, 'rows of public.parcels point at it']);
    assert.deepEqual(because('readings'), [true, 'one of those with the most rows']);
    for (const name of ['products', 'django_migrations', 'django_session', 'flags', 'order_drafts'])
      assert.equal(because(name)[0], false, name);
  });

  it('never are those that the migration changes, and what only hangs on them is not drawn in', () => {
    const proposed = proposeTables(SHOP, { migrates: ['public.orders'] });
    const named = proposed.filter(({ isProtected }) => isProtected).map(({ table }) => table);
    assert.ok(!named.includes('public.orders'));
    assert.ok(named.includes('public.order_lines'));
  });

  it('every table is in the list once, with its keys counted', () => {
    const proposed = proposeTables(SHOP);
    assert.deepEqual(
      proposed.map((row) => row.table),
      SHOP.tables.map((row) => row.table),
    );
    const scans = proposed.find((row) => row.table === 'public.parcel_scans');
    assert.deepEqual([scans?.keysIn, scans?.keysOut], [0, 1], 'a key to itself is none');
  });
});
