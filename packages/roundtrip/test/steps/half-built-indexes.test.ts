import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, before, it } from 'node:test';
import { type TestCluster, testCluster } from 'pg-cluster/testing';
import type { JsonObject } from '../../src/json.ts';
import { type CommandArgs, commandKind, migrate } from '../../src/steps/run-command.ts';
import { planOn } from '../checks/check-context.ts';
import { stepContext } from '../services/step-context.ts';

let cluster: TestCluster;
let database: ReturnType<TestCluster['address']>;
const folder = mkdtempSync(`${tmpdir()}/half-built-`);
before(async () => {
  cluster = await testCluster();
  database = await cluster.createDatabase({ prefix: 'indexed' });
  await query('CREATE TABLE goods (sku text); INSERT INTO goods VALUES (1), (1), (2)');
});
after(async () => {
  await cluster.release();
  rmSync(folder, { recursive: true });
});
const query = (sql: string) => cluster.query(sql, [], database.database);

it('an index that was begun and not built is no migration done, whatever the next attempt says', async () => {
  // What was broken before is nobody's fault here.
  await assert.rejects(query('CREATE UNIQUE INDEX CONCURRENTLY older ON goods (sku)'));
  const sql = 'CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS goods_sku ON goods (sku)';
  const step = migrate({ argv: ['psql', '-X', '-v', 'ON_ERROR_STOP=1', '-c', sql] });
  const args = step.args as unknown as CommandArgs;
  const marks: Record<string, JsonObject> = {};
  const context = stepContext(step, {
    plan: planOn(database),
    runDirectory: folder,
    timeoutMs: 60_000,
    marks,
    marksOfDo: marks,
    mark: (name, data) => {
      marks[name] = data;
    },
  });
  await assert.rejects(commandKind.do(context, args), /could not create unique index/);
  await query('DELETE FROM goods WHERE ctid = (SELECT min(ctid) FROM goods)');
  // It ends well: an index of that name is there.
  await commandKind.do(context, args);
  await assert.rejects(commandKind.verify(context, args), {
    code: 'index-half-built',
    message: /does not use public\.goods_sku: /,
  });
  await query('DROP INDEX goods_sku');
  await commandKind.do(context, args);
  assert.deepEqual(await commandKind.verify(context, args), {});
});
