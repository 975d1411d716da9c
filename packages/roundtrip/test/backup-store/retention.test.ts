import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { copyBackup } from '../../src/backup-store/copy-backup.ts';
import { listCopies } from '../../src/backup-store/list-copies.ts';
import { type ObjectStore, openObjectStore } from '../../src/backup-store/object-store.ts';
import { pinCopy, unpinCopy } from '../../src/backup-store/pins.ts';
import { pruneCopies } from '../../src/backup-store/prune-copies.ts';
import { decideRetention, type ListedCopy } from '../../src/backup-store/retention.ts';
import { noteVerified } from '../../src/backup-store/verified.ts';
import { writeBackup } from './s3-stage.ts';

const NOW = new Date('2026-11-23T02:00:00Z');
const daysAgo = (days: number): string => new Date(NOW.getTime() - days * 86_400_000).toISOString();

function listed(id: string, days: number, more: Partial<ListedCopy> = {}): ListedCopy {
  return {
    id,
    state: 'whole',
    takenAt: daysAgo(days),
    modifiedAt: daysAgo(days),
    database: 'shop',
    systemIdentifier: '1',
    trust: 'T3',
    bytes: 1,
    objects: 1,
    pins: [],
    ...more,
  };
}

const deleted = (copies: readonly ListedCopy[], keep = 2, keepDays = 7): string[] =>
  decideRetention(copies, { keep, keepDays }, NOW)
    .filter(({ verdict }) => verdict === 'delete')
    .map(({ id }) => id);

describe('retention', () => {
  it('keeps the newest N, and what is younger than D days', () => {
    const copies = [1, 3, 8, 20, 40].map((days) => listed(`d${days}`, days));
    assert.deepEqual(deleted(copies), ['d8', 'd20', 'd40']);
    assert.deepEqual(deleted(copies, 4), ['d40']);
    assert.deepEqual(deleted(copies, 1, 30), ['d40']);
  });

  it('unverified copies take nobody`s place, and the newest verified one stays whatever N says', () => {
    const copies = [
      listed('broken1', 10, { trust: 'T2' }),
      listed('broken2', 11, { trust: 'T1' }),
      listed('good', 300),
    ];
    assert.deepEqual(deleted(copies, 1), ['broken1', 'broken2']);
    assert.deepEqual(deleted(copies, 0, 0), ['broken1', 'broken2']);
  });

  it('a database without a verified copy loses none', () => {
    assert.deepEqual(deleted([listed('a', 100, { trust: 'T2' }), listed('b', 200, { trust: 'T1' })]), []);
  });

  it('databases are counted apart, also those of the same name in two clusters', () => {
    const other = { systemIdentifier: '2' };
    assert.deepEqual(deleted([listed('a', 100), listed('b', 200, other)], 1), []);
  });

  it('a pin keeps, and so does all that is not understood', () => {
    const pin = { holder: 'run-1', reason: 'its way back is open', at: '' };
    const copies = [
      listed('new', 1),
      listed('newer', 2),
      listed('pinned', 100, { pins: [pin] }),
      listed('unreadable', 100, { state: 'unreadable', trust: undefined }),
      listed('undated', 100, { takenAt: 'yesterday' }),
      listed('tomorrow', -1),
      listed('free', 100),
    ];
    assert.deepEqual(deleted(copies, 2), ['free']);
  });

  it('a cut upload stays a week, unless its date is unknown', () => {
    const cut = { state: 'unfinished', takenAt: undefined, trust: undefined } as const;
    const copies = [listed('ok', 1), listed('fresh', 6, cut), listed('old', 8, cut)];
    assert.deepEqual(deleted([...copies, listed('undated', 8, { ...cut, modifiedAt: '' })]), ['old']);
  });
});

describe('in a store', () => {
  let folder: string;
  let store: ObjectStore;
  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'retention-'));
    store = await openObjectStore(path.join(folder, 'store'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  async function add(days: number, trust: 'T2' | 'T3'): Promise<string> {
    const directory = path.join(folder, `b${days}`);
    await writeBackup(directory, { takenAt: daysAgo(days) });
    return (await copyBackup({ directory, store, trust, now: () => NOW })).id;
  }

  it('what is decided is deleted, whole; pins and later verifications are found', async () => {
    const [old, verifiedLater, pinned, good] = [
      await add(50, 'T3'),
      await add(40, 'T2'),
      await add(30, 'T3'),
      await add(10, 'T3'),
    ];
    await noteVerified(store, verifiedLater, { trust: 'T3', at: NOW });
    await pinCopy(store, pinned, { holder: 'run/1 é', reason: 'way back', at: NOW.toISOString() });
    const copies = await listCopies(store);
    assert.deepEqual(
      copies.map(({ id, trust }) => [id, trust]),
      [good, pinned, verifiedLater, old].map((id) => [id, 'T3']),
    );
    assert.equal(copies[1]?.pins[0]?.holder, 'run/1 é');
    const ids = deleted(copies, 1);
    assert.deepEqual(ids, [verifiedLater, old]);
    // Somebody pins one of them between the decision and the deletion.
    await pinCopy(store, old, { holder: 'run-2', reason: 'way back', at: NOW.toISOString() });
    assert.deepEqual(await pruneCopies(store, ids), { deleted: [verifiedLater], keptByLatePin: [old] });
    assert.deepEqual(
      (await listCopies(store)).map(({ id }) => id),
      [good, pinned, old],
    );
    assert.equal((await store.list(`${verifiedLater}/`)).length, 0);
    await unpinCopy(store, old, 'run-2');
    assert.deepEqual((await pruneCopies(store, [old])).deleted, [old]);
  });
});
