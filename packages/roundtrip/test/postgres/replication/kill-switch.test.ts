import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { createCluster, type PrivateCluster } from 'pg-cluster';
import { Refused } from '../../../src/errors.ts';
import { type Client, connect, withClient } from '../../../src/postgres/connection.ts';
import {
  disarmReverse,
  inspectReverse,
  type ReplicationStream,
  removeDdlGuard,
  resumeSwitch,
  type SwitchToCopyOptions,
  switchToCopy,
} from '../../../src/postgres/replication/index.ts';
import { databaseOid } from '../../../src/postgres/switch.ts';
import { begunCopy } from './begun-copy.ts';
import { insistentWriters } from './insistent-writers.ts';
import { eventually } from './reverse-shop.ts';

let cluster: PrivateCluster;
let admin: Client;
const folder = mkdtempSync(path.join(tmpdir(), 'kill-switch-'));
before(async () => {
  cluster = await createCluster({ name: 'kill', settings: { wal_retrieve_retry_interval: '200ms' } });
  admin = await connect(cluster.address(), { applicationName: 'kill test' });
});
after(async () => {
  await admin.end();
  await cluster.stop();
  rmSync(folder, { recursive: true, force: true });
});

const begun = (name: string) => begunCopy(cluster, { folder, name });

/** Runs the switch in a process of its own until SIGKILL; what its journal got. */
async function switchUntil(
  dieAt: string,
  options: SwitchToCopyOptions,
): Promise<ReplicationStream | undefined> {
  const journalFile = path.join(folder, `${options.reverseName}.json`);
  const child = spawn(
    process.execPath,
    [path.join(import.meta.dirname, 'switch-child.ts'), JSON.stringify({ options, dieAt, journalFile })],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  const signal = await new Promise((resolve) => child.once('exit', (_code, by) => resolve(by)));
  assert.equal(signal, 'SIGKILL', `it was to die at ${dieAt}`);
  return existsSync(journalFile)
    ? (JSON.parse(readFileSync(journalFile, 'utf8')) as ReplicationStream)
    : undefined;
}

for (const [mark, serving] of [
  ['fencing', 'old'],
  ['fenced', 'old'],
  ['retired', 'new'],
  ['renamed', 'new'],
] as const) {
  test(`killed at "${mark}" with customers ordering: the ${serving} database serves, nothing acknowledged is lost`, async (t) => {
    const { shop, options } = await begun(mark);
    const writers = insistentWriters(cluster, shop.live.database, 3);
    t.after(() => writers.stop());
    await eventually(async () => writers.acknowledged.length > 20, 'orders come in');
    const reverse = await switchUntil(mark, options);
    assert.equal(reverse !== undefined, mark !== 'fencing');
    const settled = await resumeSwitch(options, reverse);
    assert.equal(settled.serving, serving);
    assert.equal(
      await databaseOid(admin, shop.live.database),
      serving === 'old' ? options.begun.sourceOid : options.begun.copyOid,
    );
    const count = writers.acknowledged.length;
    await eventually(async () => writers.acknowledged.length > count, 'customers are served again');
    // Settled again, it stays settled; not switched yet, it can be.
    const again = await resumeSwitch(options, reverse);
    assert.equal(again.serving, serving);
    const armed =
      again.serving === 'new'
        ? again.reverse
        : (await switchToCopy({ ...options, compareBehindFence: true })).reverse;
    await writers.stop();
    const lost = await shop.onLive(
      `SELECT count(*)::int AS n FROM unnest($1::bigint[]) a WHERE NOT EXISTS (SELECT FROM orders o WHERE o.id = a)`,
      [writers.acknowledged],
    );
    assert.equal(lost.rows[0].n, 0, 'acknowledged orders lost');
    const back = { ...shop.live, database: options.returnDatabase };
    const health = await inspectReverse({ live: shop.live, return: back }, armed);
    assert.equal(health.verdict, 'open', health.reasons.join());
    await withClient(shop.live, { applicationName: 't' }, (live) =>
      withClient(back, { applicationName: 't' }, (returned) =>
        disarmReverse({ live, return: returned }, armed, { timeoutMs: 20_000 }),
      ),
    );
  });
}

test('trap: DDL on the database that serves, though its guard was removed, refuses the switch', async () => {
  const { shop, options } = await begun('drift');
  await withClient(shop.live, { applicationName: 't' }, removeDdlGuard);
  await shop.onLive('CREATE INDEX ON orders (user_id)');
  await assert.rejects(
    switchToCopy(options),
    (error) =>
      error instanceof Refused && error.code === 'schema-drifted' && /orders_user_id_idx/.test(error.seen),
  );
  await shop.onLive('DROP INDEX orders_user_id_idx');
  assert.equal(typeof (await switchToCopy(options)).reverse.startLsn, 'string');
});

test('a row that goes astray after the comparison is found behind the fence, when that is asked for', async () => {
  const { shop, options } = await begun('astray');
  const journal = async (mark: string): Promise<void> => {
    // After the comparison at one point, before the door is closed.
    if (mark === 'fencing')
      await cluster.query('DELETE FROM order_items WHERE id = 77', [], options.copyDatabase);
  };
  await assert.rejects(switchToCopy({ ...options, journal, compareBehindFence: true }), {
    code: 'sides-differ',
  });
  await shop.onLive('INSERT INTO orders (user_id) VALUES (1)');
  assert.equal(await databaseOid(admin, shop.live.database), options.begun.sourceOid);
});
