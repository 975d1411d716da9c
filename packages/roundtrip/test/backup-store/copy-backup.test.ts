import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { readIdentities } from '../../src/backup-store/age.ts';
import { type CopyBackupOptions, copyBackup } from '../../src/backup-store/copy-backup.ts';
import { fetchBackup } from '../../src/backup-store/fetch-backup.ts';
import { listCopies } from '../../src/backup-store/list-copies.ts';
import { type ObjectStore, openObjectStore } from '../../src/backup-store/object-store.ts';
import { Failed, Refused } from '../../src/errors.ts';
import { hashFiles } from '../../src/postgres/manifest.ts';
import { buildS3Stage, type S3Stage, VARIABLES, writeBackup } from './s3-stage.ts';

let stage: S3Stage;
let number = 0;
before(async () => {
  stage = await buildS3Stage();
});
after(() => stage.close());

/** A backup and an empty store, both of this test alone. */
async function scene(): Promise<{ directory: string; store: ObjectStore; back: string }> {
  number += 1;
  stage.proxy.setFault(() => undefined);
  const directory = path.join(stage.folder, `backup-${number}`);
  await writeBackup(directory);
  return { directory, store: await stage.store(`test-${number}`), back: `${directory}-fetched` };
}

const copy = (directory: string, store: ObjectStore, more: Partial<CopyBackupOptions> = {}) =>
  copyBackup({ directory, store, trust: 'T3', partBytes: 10_000, now: () => new Date(), ...more });

const failsWith = (code: string) => (error: unknown) =>
  (error instanceof Failed || error instanceof Refused) && error.code === code;

const isPart = (method: string) => (seen: { method: string; path: string }) =>
  seen.method === method && seen.path.includes('/parts/');

describe('a copy in a store', () => {
  it('comes back as the same files, the empty one too', async () => {
    const { directory, store, back } = await scene();
    const copied = await copy(directory, store);
    assert.equal(copied.parts, 1 + 3 + 1 + 2 + 1);
    await fetchBackup({ store, id: copied.id, directory: back });
    assert.deepEqual(await hashFiles(back), await hashFiles(directory));
    assert.deepEqual(
      readFileSync(path.join(back, 'manifest.json')),
      readFileSync(path.join(directory, 'manifest.json')),
    );
    const [listed] = await listCopies(store);
    assert.equal(listed?.state, 'whole');
    assert.equal(listed?.trust, 'T3');
    assert.equal(existsSync(`${directory}.copying.ndjson`), false);
  });

  it('sends each part with its SHA-256 and the manifest last', async () => {
    const { directory, store } = await scene();
    await copy(directory, store);
    const puts = stage.proxy.requests.filter(({ method }) => method === 'PUT');
    for (const { headers } of puts) {
      assert.match(String(headers['x-amz-checksum-sha256']), /^[\w+/]{43}=$/);
      assert.match(String(headers['content-md5']), /^[\w+/]{22}==$/);
    }
    assert.match(puts.at(-1)?.path ?? '', /copy\.json$/);
    const read = stage.proxy.requests.filter(isPart('GET')).map((seen) => seen.path);
    assert.deepEqual(new Set(read), new Set(puts.slice(0, -1).map((seen) => seen.path)));
  });

  it('is not made again when it is whole', async () => {
    const { directory, store } = await scene();
    const first = await copy(directory, store);
    stage.proxy.setFault(() => undefined);
    assert.deepEqual(await copy(directory, store), first);
    assert.equal(stage.proxy.requests.filter(({ method }) => method === 'PUT').length, 0);
  });

  it('counts as verified once its backup is', async () => {
    const { directory, store } = await scene();
    await copy(directory, store, { trust: 'T2' });
    assert.equal((await listCopies(store))[0]?.trust, 'T2');
    await copy(directory, store, { trust: 'T3' });
    assert.equal((await listCopies(store))[0]?.trust, 'T3');
  });

  it('is the same in a folder', async () => {
    const { directory, back } = await scene();
    const store = await openObjectStore(`${directory}-store`);
    const { id } = await copy(directory, store);
    await fetchBackup({ store, id, directory: back });
    assert.deepEqual(await hashFiles(back), await hashFiles(directory));
    assert.equal((await listCopies(store)).length, 1);
  });
});

describe('faults of a store', () => {
  it('503s are tried again', async () => {
    const { directory, store, back } = await scene();
    const hit = new Map<string, number>();
    stage.proxy.setFault(({ method, path: file }) => {
      const times = (hit.get(method + file) ?? 0) + 1;
      hit.set(method + file, times);
      return times <= 2 ? { kind: 'answer', status: 503, code: 'ServiceUnavailable' } : undefined;
    });
    const { id } = await copy(directory, store);
    stage.proxy.setFault(() => undefined);
    await fetchBackup({ store, id, directory: back });
    assert.ok([...hit.values()].every((times) => times >= 3));
  });

  it('a store that is down for good is named, and leaves no copy', async () => {
    const { directory, store } = await scene();
    stage.proxy.setFault((seen) => (isPart('PUT')(seen) ? { kind: 'drop' } : undefined));
    await assert.rejects(copy(directory, store), failsWith('store-unreachable'));
    stage.proxy.setFault(() => undefined);
    assert.deepEqual(await listCopies(store), []);
    assert.ok((await copy(directory, store)).parts > 0);
  });

  it('one part that is corrupted on the way is sent again', async () => {
    const { directory, store, back } = await scene();
    let corrupted = 0;
    stage.proxy.setFault((seen) =>
      isPart('PUT')(seen) && corrupted++ === 0 ? { kind: 'corrupt-request' } : undefined,
    );
    const lines: string[] = [];
    const { id } = await copy(directory, store, { log: (line) => lines.push(line) });
    assert.match(lines.join(), /came back different/);
    stage.proxy.setFault(() => undefined);
    await fetchBackup({ store, id, directory: back });
  });

  it('one part that the store itself found corrupted is sent again', async () => {
    const { directory, store } = await scene();
    let refused = 0;
    stage.proxy.setFault((seen) =>
      isPart('PUT')(seen) && refused++ === 0 ? { kind: 'answer', status: 400, code: 'BadDigest' } : undefined,
    );
    const lines: string[] = [];
    const { parts } = await copy(directory, store, { log: (line) => lines.push(line) });
    assert.match(lines.join(), /attempt 1 of 3/);
    assert.equal(stage.proxy.requests.filter(isPart('PUT')).length, parts + 1);
  });

  it('a store that keeps corrupting never holds a copy', async () => {
    const { directory, store } = await scene();
    stage.proxy.setFault((seen) =>
      seen.path.includes('3021.dat.gz.000001') && seen.method === 'PUT'
        ? { kind: 'corrupt-request' }
        : undefined,
    );
    await assert.rejects(copy(directory, store), failsWith('copy-differs'));
    stage.proxy.setFault(() => undefined);
    assert.deepEqual(
      (await listCopies(store)).map(({ state }) => state),
      ['unfinished'],
    );
  });

  it('an answer that is cut in its body is read again', async () => {
    const { directory, store } = await scene();
    const cut = new Set<string>();
    stage.proxy.setFault((seen) => {
      if (!isPart('GET')(seen) || cut.has(seen.path)) return undefined;
      cut.add(seen.path);
      return { kind: 'cut-answer' };
    });
    const { id, parts } = await copy(directory, store);
    assert.ok(cut.size >= parts - 1);
    assert.match(id, /^shop-20261123T020000Z-/);
  });

  it('a token that expires half-way is named; renewed, only the rest is sent', async () => {
    const { directory, store } = await scene();
    let sent = 0;
    stage.proxy.setFault((seen) =>
      isPart('PUT')(seen) && ++sent > 5 ? { kind: 'answer', status: 400, code: 'ExpiredToken' } : undefined,
    );
    await assert.rejects(copy(directory, store), failsWith('store-credentials'));
    stage.proxy.setFault(() => undefined);
    assert.deepEqual(
      (await listCopies(store)).map(({ state }) => state),
      ['unfinished'],
    );
    stage.proxy.setFault(() => undefined);
    const copied = await copy(directory, store);
    assert.equal(copied.partsResumed, 5);
    assert.equal(stage.proxy.requests.filter(isPart('PUT')).length, 3);
  });

  it('no error repeats the secret key', async () => {
    const { directory, store } = await scene();
    for (const [status, code] of [
      [403, 'SignatureDoesNotMatch'],
      [500, 'InternalError'],
      [404, 'NoSuchBucket'],
      [400, 'InvalidRequest'],
    ] as const) {
      stage.proxy.setFault(() => ({ kind: 'answer', status, code }));
      await assert.rejects(copy(directory, store), (error: Failed) => {
        assert.match(error.code, /^store-(credentials|unreachable|missing|refused)$/);
        assert.ok(!JSON.stringify([error.message, error.fields]).includes(VARIABLES.AWS_SECRET_ACCESS_KEY));
        return true;
      });
    }
  });

  it('a lock that the store ignores is no lock', async () => {
    const { directory, store } = await scene();
    const lock = { mode: 'GOVERNANCE', until: new Date(Date.now() + 86_400_000) } as const;
    await assert.rejects(copy(directory, store, { lock }), failsWith('lock-ignored'));
    const put = stage.proxy.requests.find(isPart('PUT'));
    assert.equal(put?.headers['x-amz-object-lock-mode'], 'GOVERNANCE');
    assert.deepEqual(
      (await listCopies(store)).map(({ state }) => state),
      ['unfinished'],
    );
  });
});

describe('a process that copies is killed', () => {
  /** Runs the copying process; kills it before or after the n-th PUT has reached the store. */
  async function runChild(
    directory: string,
    name: string,
    kill: { at: number; when: 'before' | 'after' } | undefined,
  ): Promise<{ killed: boolean; puts: number; stdout: string }> {
    const program = path.join(import.meta.dirname, 'copy-child.ts');
    const child = spawn(process.execPath, [program, directory, name, stage.proxy.url], {
      env: { ...process.env, ...VARIABLES },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const closed = once(child, 'close');
    let stdout = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    let puts = 0;
    const tell = async (): Promise<void> => {
      child.kill('SIGKILL');
      await closed;
    };
    stage.proxy.setFault(({ method }) => {
      if (method !== 'PUT') return undefined;
      puts += 1;
      return puts === kill?.at ? { kind: 'tell', when: kill.when, tell } : undefined;
    });
    const [, signal] = (await closed) as [number | null, string | null];
    return { killed: signal === 'SIGKILL', puts, stdout };
  }

  it('at any PUT, before or after it: no copy is listed, and the same command finishes it', async () => {
    const total = 9;
    for (const when of ['before', 'after'] as const) {
      for (let at = 1; at <= total; at += 1) {
        const { directory, store, back } = await scene();
        const where = `${when} ${at}`;
        assert.equal((await runChild(directory, store.name, { at, when })).killed, true, where);
        stage.proxy.setFault(() => undefined);
        // The last PUT is the manifest: once the store has it, every part had been compared.
        const whole = when === 'after' && at === total;
        const states = (await listCopies(store)).map(({ state }) => state);
        assert.equal(states.includes('whole'), whole, where);
        const again = await runChild(directory, store.name, undefined);
        const { id } = JSON.parse(again.stdout) as { id: string };
        stage.proxy.setFault(() => undefined);
        await fetchBackup({ store, id, directory: back });
        assert.deepEqual(await hashFiles(back), await hashFiles(directory), where);
      }
    }
  });

  it('a torn line of its progress is a part to send again', async () => {
    const { directory, store, back } = await scene();
    await runChild(directory, store.name, { at: 6, when: 'before' });
    appendFileSync(`${directory}.copying.ndjson`, '{"file":"globals.sql","ind');
    stage.proxy.setFault(() => undefined);
    const { id } = await copy(directory, store);
    await fetchBackup({ store, id, directory: back });
    assert.deepEqual(await hashFiles(back), await hashFiles(directory));
  });
});

describe('encryption', () => {
  async function keys(): Promise<{ recipient: string; file: string }> {
    const identity = await generateIdentity();
    const file = path.join(stage.folder, `identity-${number}-${Math.trunc(performance.now())}.txt`);
    writeFileSync(file, `# of the test\n${identity}\n`, { mode: 0o600 });
    return { recipient: await identityToRecipient(identity), file };
  }

  it('nothing of the content is readable in the store; the identity opens it', async () => {
    const { directory, store, back } = await scene();
    const { recipient, file } = await keys();
    appendFileSync(path.join(directory, 'globals.sql'), 'CREATE ROLE canary_of_the_globals;');
    await rewriteManifest(directory);
    const { id } = await copy(directory, store, { recipients: [recipient] });
    for (const { key } of await store.list('')) {
      const body = Buffer.from((await store.get(key)) ?? []).toString('latin1');
      assert.ok(!body.includes('canary_of_the_globals') && !body.includes('snapshotLsn'), key);
    }
    await assert.rejects(fetchBackup({ store, id, directory: back }), failsWith('identity-missing'));
    assert.equal(existsSync(back), false);
    await fetchBackup({ store, id, directory: back, opener: readIdentities(file) });
    assert.deepEqual(await hashFiles(back), await hashFiles(directory));
  });

  it('another identity does not open it, and says whose would', async () => {
    const { directory, store, back } = await scene();
    const { recipient } = await keys();
    const { id } = await copy(directory, store, { recipients: [recipient] });
    const opener = readIdentities((await keys()).file);
    await assert.rejects(fetchBackup({ store, id, directory: back, opener }), failsWith('identity-wrong'));
    assert.equal(existsSync(path.join(back, 'manifest.json')), false);
  });

  it('refuses what is no recipient without repeating a secret key, and open identity files', async () => {
    const { directory, store } = await scene();
    const secret = await generateIdentity();
    await assert.rejects(copy(directory, store, { recipients: [secret] }), (error: Refused) => {
      assert.equal(error.code, 'bad-recipient');
      assert.ok(!error.message.includes(secret.slice(16, 40)));
      assert.ok(!String(error.cause).includes(secret.slice(16, 40)));
      return true;
    });
    const { file } = await keys();
    chmodSync(file, 0o644);
    assert.throws(() => readIdentities(file), failsWith('identity-file-open'));
  });
});

describe('a store is not trusted', () => {
  it('a part exchanged, missing, or a name that leads elsewhere', async () => {
    const { directory, store, back } = await scene();
    const { id } = await copy(directory, store);
    const [first] = (await store.list(`${id}/parts/`)).map(({ key }) => key);
    const kept = (await store.get(first ?? '')) ?? new Uint8Array();
    await store.put(first ?? '', Buffer.from('x'), { sha256: '00'.repeat(32) });
    await assert.rejects(fetchBackup({ store, id, directory: back }), failsWith('copy-corrupt'));
    await store.delete([first ?? '']);
    await assert.rejects(fetchBackup({ store, id, directory: `${back}2` }), failsWith('copy-corrupt'));
    assert.equal((await listCopies(store))[0]?.state, 'unreadable');
    await store.put(first ?? '', kept, { sha256: '00'.repeat(32) });
    const manifest = Buffer.from((await store.get(`${id}/copy.json`)) ?? []).toString();
    const evil = Buffer.from(manifest.replaceAll('"file":"globals.sql"', '"file":"../../globals.sql"'));
    await store.put(`${id}/copy.json`, evil, { sha256: '00'.repeat(32) });
    await assert.rejects(fetchBackup({ store, id, directory: `${back}3` }), failsWith('copy-unreadable'));
    assert.equal(
      readdirSync(stage.folder).some((name) => name === 'globals.sql'),
      false,
    );
  });

  it('a backup that changed on the disk is not copied', async () => {
    const { directory, store } = await scene();
    appendFileSync(path.join(directory, 'globals.sql'), 'x');
    await assert.rejects(copy(directory, store), failsWith('backup-corrupt'));
    assert.equal((await listCopies(store))[0]?.state, 'unfinished');
  });
});

async function rewriteManifest(directory: string): Promise<void> {
  const file = path.join(directory, 'manifest.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as object;
  writeFileSync(file, JSON.stringify({ ...manifest, files: await hashFiles(directory) }));
}
