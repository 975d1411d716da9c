import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type TestCluster, testCluster } from 'pg-cluster/testing';
import type { Failed } from '../../src/errors.ts';
import type { JsonObject } from '../../src/json.ts';
import { type BackupArgs, backup, backupKind } from '../../src/steps/backup.ts';
import { type ProveArgs, proveTables, proveTablesKind } from '../../src/steps/prove-tables.ts';
import { planOn } from '../checks/check-context.ts';
import { stepContext } from '../services/step-context.ts';

let cluster: TestCluster;
let database: ReturnType<TestCluster['address']>;
let folder: string;
let noted: JsonObject;
before(async () => {
  cluster = await testCluster();
  database = await cluster.createDatabase({ prefix: 'proved' });
  await query('CREATE TABLE orders (id int PRIMARY KEY, total int); CREATE TABLE products (id int)');
  await query('INSERT INTO orders SELECT n, n FROM generate_series(1, 50) AS n');
  folder = mkdtempSync(path.join(tmpdir(), 'prove-step-'));
  const step = backup();
  const context = stepContext(step, { ...scene(), runDirectory: folder, timeoutMs: 300_000 });
  noted = await backupKind.do(context, step.args as BackupArgs);
});
after(async () => {
  await cluster.query(`DROP DATABASE IF EXISTS ${database.database}_return_0001 WITH (FORCE)`);
  await cluster.release();
  rmSync(folder, { recursive: true, force: true });
});

const query = (sql: string) => cluster.query(sql, [], database.database);
const scene = () => ({ plan: planOn(database, { protectedTables: ['orders'] }), runId: 'run-0001' });

function prove(evidence: JsonObject, tables: ProveArgs['tables'] = 'protected'): Promise<JsonObject> {
  const step = proveTables({ tables });
  const change = { ...scene(), evidenceOfKind: () => evidence, timeoutMs: 300_000 };
  return proveTablesKind.do(stepContext(step, change), step.args as ProveArgs);
}

describe('the proof of the protected tables', () => {
  it('holds where the migration gave them a column more, and names one that is gone', async () => {
    await query("ALTER TABLE orders ADD COLUMN note text DEFAULT 'x'");
    const { after } = await prove(noted);
    assert.deepEqual((after as Record<string, JsonObject>)['public.orders']?.columns, ['id', 'total']);
    await assert.rejects(prove(noted, 'all'), {
      code: 'protected-table-changed',
      message: /public\.orders has a column note that it did not have/,
    });
    await query('ALTER TABLE orders DROP COLUMN note; ALTER TABLE orders RENAME total TO sum');
    await assert.rejects(prove(noted), { message: /public\.orders has no column total any more/ });
    await query('ALTER TABLE orders RENAME sum TO total; INSERT INTO orders VALUES (51, 51)');
    await assert.rejects(prove(noted), { message: /public\.orders has 51 rows instead of 50/ });
    await query('DELETE FROM orders WHERE id = 51');
  });

  it('measures 0, says unknown without a horizon, and fails on rows that were changed and put back', async () => {
    await query('INSERT INTO products VALUES (1)');
    assert.deepEqual((await prove(noted)).written, { 'public.orders': { rows: '0' } });
    const { horizon: _none, ...older } = noted;
    assert.match(JSON.stringify((await prove(older)).written), /"unknown":"the backup noted no horizon/);
    await query('UPDATE orders SET total = 0 WHERE id = 5');
    await query('UPDATE orders SET total = 5 WHERE id = 5');
    await assert.rejects(prove(noted), (error: Failed) => {
      assert.equal(error.code, 'protected-table-written');
      assert.deepEqual(error.fields?.written, { 'public.orders': { rows: '1' } });
      return /public\.orders \(1\)/.test(error.seen);
    });
    // After a rollback the rows alone are asked: a restored database has young rows only.
    await query('DELETE FROM products');
    assert.equal((await prove(noted, 'all')).written, undefined);
  });

  it('a changed row is named as changed, not as written', async () => {
    await query('UPDATE orders SET total = 6 WHERE id = 5');
    await assert.rejects(prove(noted), (error: Failed) => error.code === 'protected-table-changed');
  });
});
