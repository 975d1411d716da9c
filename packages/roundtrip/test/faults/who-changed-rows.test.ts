import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { NO_CHANGES } from '../../src/postgres/row-changes.ts';
import type { Report } from '../../src/report/report.ts';
import { customersWrite } from './customers.ts';
import { FINISH, ROLLBACK, RUN } from './every-boundary.ts';
import { buildToyStage, type ToyStage } from './toy-stage.ts';

/** What customers write while the copy is migrated: 300 and 300 new rows, 24 changes that leave no trace, 3 removals. */
const MEANWHILE = `
  INSERT INTO orders (total) SELECT 500 + n FROM generate_series(1, 300) n;
  INSERT INTO order_items (order_id, product_id, price) SELECT id, 1, total FROM orders WHERE total > 500;
  UPDATE orders SET total = total + 1 WHERE id <= 12;
  UPDATE orders SET total = total - 1 WHERE id <= 12;
  DELETE FROM order_items WHERE id IN (47, 48, 49);
  BEGIN; DELETE FROM order_items; ROLLBACK;`;
const ORDERS_MEANWHILE = { ...NO_CHANGES, inserted: 300, updated: 24 };
const ITEMS_MEANWHILE = { ...NO_CHANGES, inserted: 300, deleted: 3 };
/** What `customersWrite` does. */
const ORDERS_SINCE = { ...NO_CHANGES, inserted: 20, updated: 1 };
const ITEMS_SINCE = { ...NO_CHANGES, inserted: 20, deleted: 1 };
const NO_ROWS = { rows: '0' };

let stage: ToyStage;
before(async () => {
  stage = await buildToyStage();
  const importing = readFileSync(path.join(stage.folder, 'sql/import.sql'), 'utf8');
  sqlFile('meanwhile.sql', MEANWHILE);
  sqlFile(
    'import-meanwhile.sql',
    `${importing}\n\\! psql -X -q -v ON_ERROR_STOP=1 -d toy -f '${path.join(stage.folder, 'sql/meanwhile.sql')}'\n`,
  );
  sqlFile(
    'touching-import.sql',
    `${importing}\nUPDATE orders SET total = total + 1 WHERE id = 3;\nUPDATE orders SET total = total - 1 WHERE id = 3;\n`,
  );
});
after(() => stage.close());
beforeEach(() => stage.reset());
afterEach(() => {
  delete process.env.TOY_STRATEGY;
  delete process.env.TOY_IMPORT;
  delete process.env.TOY_COMPARE;
});

function sqlFile(name: string, text: string): void {
  writeFileSync(path.join(stage.folder, 'sql', name), text);
}

async function succeeds(...argv: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await stage.verb(0, ...argv);
  assert.equal(exitCode, 0, stderr);
}

/** The report as others get it, which verifies. */
async function reported(): Promise<Report> {
  const out = path.join(stage.folder, 'report.json');
  await succeeds('report', '--target', 'production', '--format', 'json', '--out', out);
  await succeeds('verify', out);
  return JSON.parse(readFileSync(out, 'utf8')) as Report;
}

async function changes(): Promise<unknown> {
  const { protectedTables } = (await reported()).summary;
  return protectedTables.map(({ table, migration, untilSwitch, sinceLetIn }) => [
    table,
    migration,
    untilSwitch,
    sinceLetIn,
  ]);
}

const statusText = async (): Promise<string> =>
  (await stage.verb(0, 'status', '--target', 'production')).stdout;

/** Of what counted. */
async function nothingLeft(): Promise<void> {
  const left = await stage.cluster.query(
    `SELECT slot_name AS name FROM pg_replication_slots UNION ALL SELECT tgname FROM pg_trigger WHERE tgname LIKE 'roundtrip%' UNION ALL SELECT nspname FROM pg_namespace WHERE nspname = 'roundtrip'`,
    [],
    'toy',
  );
  assert.deepEqual(left.rows, []);
}

/** Asks until what customers wrote has arrived on the other side. */
async function statusSays(expected: RegExp): Promise<void> {
  for (const deadline = Date.now() + 60_000; ; ) {
    const said = await statusText();
    if (expected.test(said)) return;
    assert.ok(Date.now() < deadline, said);
  }
}

describe('who changed the rows of the protected tables', () => {
  it('side by side: the migration none; customers so many until the switch, so many until the rollback', async () => {
    process.env.TOY_STRATEGY = 'side-by-side';
    process.env.TOY_IMPORT = 'import-meanwhile.sql';
    await succeeds(...RUN);
    assert.deepEqual(await changes(), [
      ['orders', NO_ROWS, ORDERS_MEANWHILE, 'pending'],
      ['order_items', NO_ROWS, ITEMS_MEANWHILE, 'pending'],
    ]);
    assert.match(
      await statusText(),
      /protected tables: the migration changed 0 rows; customers changed 627 \(600 inserted, 24 updated, 3 deleted\) until the switch, 0 so far after it/,
    );
    // The numbers are of the same position as the fingerprints: what there was, what came and what went make what there is.
    const { protectedTables } = (await reported()).summary;
    assert.deepEqual(
      protectedTables.map(({ afterRun }) => afterRun?.split(':')[0]),
      ['350', '347'],
    );
    await customersWrite(stage);
    await statusSays(/until the switch, 42 so far \(40 inserted, 1 updated, 1 deleted\) after it/);
    await succeeds(...ROLLBACK);
    assert.deepEqual(await changes(), [
      ['orders', NO_ROWS, ORDERS_MEANWHILE, ORDERS_SINCE],
      ['order_items', NO_ROWS, ITEMS_MEANWHILE, ITEMS_SINCE],
    ]);
    await nothingLeft();
  });

  it('side by side, rows compared behind the fence: the same', async () => {
    process.env.TOY_STRATEGY = 'side-by-side';
    process.env.TOY_COMPARE = 'behind-fence';
    await succeeds(...RUN);
    await customersWrite(stage);
    await succeeds(...ROLLBACK);
    assert.deepEqual(await changes(), [
      ['orders', NO_ROWS, NO_CHANGES, ORDERS_SINCE],
      ['order_items', NO_ROWS, NO_CHANGES, ITEMS_SINCE],
    ]);
    await nothingLeft();
  });

  it('side by side, to the end: counted until the way back is closed', async () => {
    process.env.TOY_STRATEGY = 'side-by-side';
    await succeeds(...RUN);
    await customersWrite(stage);
    await succeeds(...FINISH);
    assert.deepEqual(await changes(), [
      ['orders', NO_ROWS, NO_CHANGES, ORDERS_SINCE],
      ['order_items', NO_ROWS, NO_CHANGES, ITEMS_SINCE],
    ]);
  });

  it('in place: the migration none, customers so many since they were let in', async () => {
    await succeeds(...RUN);
    assert.match(await statusText(), /the migration changed 0 rows; customers changed 0 so far\n/);
    await customersWrite(stage);
    await succeeds(...ROLLBACK);
    assert.deepEqual(await changes(), [
      ['orders', NO_ROWS, null, ORDERS_SINCE],
      ['order_items', NO_ROWS, null, ITEMS_SINCE],
    ]);
    assert.match(await statusText(), /the migration changed 0 rows; customers changed 42 \(40 ins/);
    await nothingLeft();
  });

  it('in place, to the end: the same', async () => {
    await succeeds(...RUN);
    await customersWrite(stage);
    await succeeds(...FINISH);
    assert.deepEqual(await changes(), [
      ['orders', NO_ROWS, null, ORDERS_SINCE],
      ['order_items', NO_ROWS, null, ITEMS_SINCE],
    ]);
  });

  it('says why there is no number where the return database was gone', async () => {
    await succeeds(...RUN);
    await customersWrite(stage);
    await stage.dropReturnDatabase();
    await succeeds(...ROLLBACK);
    const { protectedTables } = (await reported()).summary;
    for (const { sinceLetIn } of protectedTables)
      assert.match(JSON.stringify(sinceLetIn), /the return database or the stream into it was gone/);
  });

  for (const strategy of ['side-by-side', 'in-place'])
    it(`${strategy}: rows that the migration wrote and put back fail the proof, and are named`, async () => {
      process.env.TOY_STRATEGY = strategy;
      process.env.TOY_IMPORT = 'touching-import.sql';
      const { exitCode, stderr } = await stage.verb(0, ...RUN);
      assert.equal(exitCode, 6, stderr);
      const { summary, records } = await reported();
      assert.match(JSON.stringify(records), /"code":"protected-table-written"/);
      const [orders, items] = summary.protectedTables;
      // In place the row is counted by its version, on the copy each change of it.
      assert.deepEqual(orders?.migration, { rows: strategy === 'in-place' ? '1' : '2' });
      assert.deepEqual(items?.migration, NO_ROWS);
    });
});
