import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { createCluster, type PrivateCluster } from 'pg-cluster';
import { diskSpace, diskSpaceFor } from '../../src/checks/disk-space.ts';
import { roomFindings, serverDisk } from '../../src/checks/server-disk.ts';
import { serverRoom } from '../../src/checks/server-room.ts';
import { costFindings, wayBackAffordable } from '../../src/checks/way-back-affordable.ts';
import { withClient } from '../../src/postgres/connection.ts';
import { backup } from '../../src/steps/backup.ts';
import { returnStream } from '../../src/steps/return-stream.ts';
import { wayBack } from '../../src/steps/way-back.ts';
import { codesOf, findingsOf, planOn } from './check-context.ts';

// Its own cluster: the cap is the whole server's.
let cluster: PrivateCluster;
const folder = mkdtempSync(path.join(tmpdir(), 'disks-'));
before(async () => {
  cluster = await createCluster({ name: 'disks' });
});
after(async () => {
  await cluster.stop();
  rmSync(folder, { recursive: true });
});

const STEPS = () => [backup(), wayBack(), returnStream({ tables: [] })];
const GB = 1e9;

test('the dump, the copy and its WAL fit on the disks of this machine, and the server names where it keeps them', async () => {
  const plan = planOn(cluster.address(), { steps: STEPS });
  mkdirSync(path.join(folder, 'state'));
  assert.deepEqual(await findingsOf(diskSpace, plan, { stateFolder: path.join(folder, 'state') }), []);
  assert.deepEqual(codesOf(await findingsOf(diskSpaceFor({ factor: 1e9 }), plan, { stateFolder: folder })), [
    'refusal disk-too-small',
  ]);
  assert.deepEqual(await findingsOf(serverDisk, plan), []);
  const room = await withClient(cluster.address(), { applicationName: 't' }, serverRoom);
  assert.equal(room?.data.folder, path.join(cluster.directory, 'data'));
  assert.ok(room.data.freeBytes > 0 && room.wal.freeBytes > 0);
});

test('a role that may not ask is told that the disk was not seen; a plan without copies needs none', async () => {
  await cluster.query('CREATE ROLE asker');
  const room = await withClient(cluster.address(), { applicationName: 't' }, async (client) => {
    await client.query('SET ROLE asker');
    return serverRoom(client);
  });
  assert.equal(room, undefined);
  assert.deepEqual(await findingsOf(serverDisk, planOn(cluster.address())), []);
});

test('what is missing is counted for each disk: with a slot all WAL of the copy stays, without one what the server keeps', () => {
  const needs = { database: 'shop', databaseBytes: 10 * GB, walKeptBytes: 1 * GB };
  const room = (data: number, wal: number, shared = false) => ({
    data: { folder: '/data', freeBytes: data * GB },
    wal: { folder: '/wal', freeBytes: wal * GB },
    shared,
  });
  const seen = (...args: Parameters<typeof roomFindings>) =>
    roomFindings(...args).map(({ seen, expected }) => `${seen}: ${expected}`);
  assert.deepEqual(seen(room(11, 2), { ...needs, walHeld: false }), []);
  assert.deepEqual(seen(room(11, 2), { ...needs, walHeld: true }), [
    '2000 MB free at /wal of the server: at least 10000 MB for the WAL of making the copy',
  ]);
  assert.deepEqual(seen(room(9, 11), { ...needs, walHeld: true }), [
    '9000 MB free at /data of the server: at least 10000 MB for the copy of shop',
  ]);
  assert.deepEqual(seen(room(19, 19, true), { ...needs, walHeld: true }), [
    '19000 MB free at /data of the server: at least 20000 MB for the copy of shop and its WAL',
  ]);
  assert.deepEqual(seen(room(11, 11, true), { ...needs, walHeld: false }), []);
});

test('a cap beyond the disk, or one that is used up within an hour, is refused', () => {
  const costs = { capBytes: 20 * GB, bytesPerSecond: 1e6, freeBytes: 100 * GB };
  assert.deepEqual(costFindings(costs), []);
  assert.deepEqual(codesOf(costFindings({ ...costs, freeBytes: 10 * GB })), ['refusal wal-cap-over-disk']);
  const [short] = costFindings({ ...costs, bytesPerSecond: 20e6 });
  assert.equal(short?.code, 'way-back-too-short');
  assert.match(
    short.seen,
    /72000 MB of WAL an hour: a stream that stands still loses the way back after 17min/,
  );
  assert.match(
    costFindings({ capBytes: null, bytesPerSecond: 20e6, freeBytes: 20 * GB })[0]?.seen ?? '',
    /fills the disk/,
  );
  assert.deepEqual(costFindings({ capBytes: null, bytesPerSecond: 20e6, freeBytes: null }), []);
  assert.deepEqual(costFindings({ ...costs, bytesPerSecond: null }), []);
});

test('the cap of a real server is held against its disk', async () => {
  const plan = planOn(cluster.address(), { steps: STEPS });
  assert.deepEqual(await findingsOf(wayBackAffordable, plan), []);
  await cluster.query("ALTER SYSTEM SET max_slot_wal_keep_size = '1000TB'");
  // A session of its own each time: the reload reaches new ones once the server has read its file.
  await cluster.stop({ keep: true });
  await cluster.start();
  assert.deepEqual(codesOf(await findingsOf(wayBackAffordable, plan)), ['refusal wal-cap-over-disk']);
  assert.deepEqual(await findingsOf(wayBackAffordable, planOn(cluster.address())), []);
});
