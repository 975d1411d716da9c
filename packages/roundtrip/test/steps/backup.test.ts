import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type TestCluster, testCluster } from 'pg-cluster/testing';
import { listCopies } from '../../src/backup-store/list-copies.ts';
import { openObjectStore } from '../../src/backup-store/object-store.ts';
import type { Failed, RoundtripError } from '../../src/errors.ts';
import type { JsonObject } from '../../src/json.ts';
import type { Plan } from '../../src/runbook/plan.ts';
import { type BackupArgs, backup, backupKind } from '../../src/steps/backup.ts';
import type { StepContext } from '../../src/steps/step-kind.ts';
import { stepContext } from '../services/step-context.ts';

let cluster: TestCluster;
let folder: string;
let database: ReturnType<TestCluster['address']>;
before(async () => {
  cluster = await testCluster();
  database = await cluster.createDatabase({ prefix: 'backed' });
  const sql = 'CREATE TABLE orders (id int PRIMARY KEY); INSERT INTO orders SELECT generate_series(1, 500)';
  await cluster.query(sql, [], database.database);
  folder = mkdtempSync(path.join(tmpdir(), 'backup-step-'));
});
after(async () => {
  for (const salt of ['0001', '0002', '0003'])
    await cluster.query(`DROP DATABASE IF EXISTS ${database.database}_return_${salt} WITH (FORCE)`);
  await cluster.release();
  rmSync(folder, { recursive: true, force: true });
});

interface Scene {
  readonly context: StepContext;
  readonly args: BackupArgs;
  readonly lines: string[];
  evidence: JsonObject;
}

function scene(salt: string, options: Parameters<typeof backup>[0]): Scene {
  const step = backup(options);
  const lines: string[] = [];
  const made: Scene = {
    context: stepContext(step, {
      plan: { target: { name: 'production', database } } as unknown as Plan,
      runId: `run-${salt}`,
      runDirectory: path.join(folder, salt),
      timeoutMs: 60_000,
      evidenceOf: () => made.evidence,
      log: (line) => void lines.push(line),
    }),
    args: step.args as BackupArgs,
    lines,
    evidence: {},
  };
  return made;
}

const psql = (sql: string): string[] => ['psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-c', sql];

describe('the backup step', () => {
  it('runs the smoke test on the restored database, copies, pins; finishing lets go of the pin', async () => {
    const store = await openObjectStore(path.join(folder, 'store'));
    const smoke = {
      argv: [
        'sh',
        '-c',
        'test "$GREETING" = hello && test "$(psql -XAtc "SELECT current_database() || count(*) FROM orders")" = "$EXPECTED"',
      ],
      env: { GREETING: 'hello', EXPECTED: `${database.database}_return_0001500` },
    };
    const made = scene('0001', { smokeTest: smoke, copy: { to: store.name } });
    made.evidence = await backupKind.do(made.context, made.args);
    assert.equal(made.evidence.trust, 'T4');
    const verified = await backupKind.verify(made.context, made.args);
    assert.ok(Number(verified.copiedParts) > 2);
    const [copy] = await listCopies(store);
    assert.equal(copy?.trust, 'T4');
    assert.deepEqual(
      copy?.pins.map(({ holder }) => holder),
      ['run-0001'],
    );
    assert.equal((await backupKind.finish?.(made.context, made.args))?.pinLeft, undefined);
    assert.deepEqual((await listCopies(store))[0]?.pins, []);
  });

  it('fails when the smoke test fails, or writes although its session is read-only', async () => {
    const failing = scene('0002', { smokeTest: { argv: psql('SELECT * FROM no_such_table') } });
    await assert.rejects(backupKind.do(failing.context, failing.args), (error: Failed) => {
      assert.equal(error.code, 'smoke-test-failed');
      return /no_such_table/.test(error.seen);
    });
    const refused = scene('0002', { smokeTest: { argv: psql('DELETE FROM orders WHERE id = 7') } });
    await assert.rejects(backupKind.do(refused.context, refused.args), /read-only transaction/);
    const stubborn = 'SET default_transaction_read_only = off; DELETE FROM orders WHERE id = 7';
    const writing = scene('0002', {
      smokeTest: { argv: [...psql(stubborn.split(';')[0] ?? ''), '-c', stubborn.split(';')[1] ?? ''] },
    });
    await assert.rejects(
      backupKind.do(writing.context, writing.args),
      (error: Failed) => error.code === 'smoke-test-wrote' && /orders/.test(error.seen),
    );
    const { rows } = await cluster.query('SELECT count(*)::int AS n FROM orders', [], database.database);
    assert.equal(rows[0].n, 500);
  });

  it('check: refuses a destination that cannot be written or has no such recipient, and leaves nothing in it', async () => {
    const check = async (copy: { readonly to: string; readonly recipients?: string[] }) => {
      const { context, args } = scene('0001', { copy });
      return backupKind.check?.(context, args);
    };
    const refuses = (code: string) => (error: RoundtripError) => error.code === code;
    const good = await openObjectStore(path.join(folder, 'good'));
    assert.deepEqual(await check({ to: good.name }), []);
    assert.deepEqual(await good.list(''), []);
    writeFileSync(path.join(folder, 'file'), '');
    await assert.rejects(check({ to: path.join(folder, 'file') }), refuses('store-unreachable'));
    await assert.rejects(check({ to: good.name, recipients: ['x'] }), refuses('bad-recipient'));
    await assert.rejects(check({ to: 'nowhere' }), refuses('bad-store'));
  });

  it('a store that is down does not keep a run from going back', async () => {
    const root = path.join(folder, 'lost-store');
    const made = scene('0003', { copy: { to: root } });
    made.evidence = await backupKind.do(made.context, made.args);
    rmSync(root, { recursive: true });
    writeFileSync(root, 'no folder any more');
    const undone = await backupKind.undo?.(made.context, made.args);
    assert.match(
      String(undone?.pinLeft),
      /^roundtrip backup unpin --from .*lost-store --id .* --holder run-0003$/,
    );
  });
});
