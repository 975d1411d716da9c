/** What goes wrong between 1C and the shop: each ends in an answer that says so, and in a catalogue that is whole. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { importXml, offersXml } from '../exchange-fixture.ts';
import { type ShopDatabase, type ShopDatabases, shopDatabases } from '../shop-database.ts';
import { ExchangeServer, PASSWORD, SERVER_SESSIONS } from './exchange-server.ts';
import { zipArchive } from './zip-archive.ts';

const WORKER = path.join(import.meta.dirname, 'exchange-worker.ts');
/** Locks of this database: other test files share the cluster, and clones of one template have the same oids. */
const HERE = 'database = (SELECT oid FROM pg_database WHERE datname = current_database())';
const goods = Buffer.from(importXml({ goods: [{ id: 'g1', name: 'Мяч' }] }));

describe('the exchange of 1C, when something goes wrong', () => {
  let databases: ShopDatabases;
  let shop: ShopDatabase;
  let server: ExchangeServer;
  before(async () => {
    databases = await shopDatabases();
    shop = await databases.create();
    server = await ExchangeServer.start(shop);
    const { cookie } = await server.begin();
    await server.ask(cookie, 'mode=file&filename=import.xml', goods);
    assert.equal((await server.finished(cookie, 'mode=import&filename=import.xml'))[0], 'success');
  });
  after(async () => {
    await server.stop();
    await databases.release();
  });

  const catalogue = async (): Promise<unknown[]> =>
    await shop.query('SELECT onec_id, name, is_active, xmin::text FROM products ORDER BY id');
  const held = async (state: string): Promise<void> => {
    for (let attempt = 0; attempt < 600; attempt += 1) {
      const rows = await shop.query(state);
      if (rows.length > 0) return;
      await sleep(100);
    }
    throw new Error(`never true: ${state}`);
  };

  it('refuses names that a disk cannot hold, and says which', async () => {
    const { cookie, received } = await server.begin();
    await server.ask(cookie, 'mode=file&filename=goods/a.xml', goods);
    const names = [
      `${'ж'.repeat(146)}.xml`,
      `${'a/'.repeat(200)}b.xml`,
      'goods/a.xml/b.xml',
      'goods',
      '%2e%2e%2fevil.xml',
      '..%5cevil.xml',
      '....//evil.xml',
      'a\u202e.xml',
    ];
    for (const name of names) {
      const answer = await server.ask(cookie, `mode=file&filename=${encodeURIComponent(name)}`, goods);
      assert.equal(answer[0], 'failure', name);
      assert.doesNotMatch(answer.join(' '), /internal error/, name);
    }
    const twice = await server.ask(cookie, 'mode=file&filename=a.xml&filename=b.xml', goods);
    assert.match(twice.join(' '), /^failure (?!internal error)/);
    assert.deepEqual(
      readdirSync(received, { recursive: true })
        .filter((name) => !String(name).startsWith('.parts'))
        .sort(),
      ['goods', 'goods/a.xml'],
    );
    assert.deepEqual(readFileSync(path.join(received, 'goods/a.xml')), goods);
  });

  it('imports nothing of parts out of order, a cut archive, a nested, encrypted or escaping one', async () => {
    const before = await catalogue();
    const xml = Buffer.from(importXml({ goods: [{ id: 'z1' }] }));
    const plain = zipArchive([{ name: 'import.xml', content: xml }]);
    const encrypted = Buffer.from(plain);
    for (const header of [6, encrypted.indexOf('PK\u0001\u0002', 'latin1') + 8]) {
      encrypted.writeUInt16LE(encrypted.readUInt16LE(header) | 1, header);
    }
    const archives: Record<string, Buffer> = {
      cut: plain.subarray(0, plain.length - 30),
      nested: zipArchive([{ name: 'inner.zip', content: plain }]),
      encrypted,
      escaping: zipArchive([
        { name: 'import.xml', content: xml },
        { name: '../evil.jpg', content: Buffer.from('evil') },
      ]),
      link: zipArchive([{ name: 'import.xml', content: Buffer.from('/etc/passwd') }]),
      empty: zipArchive([{ name: 'import.xml', content: Buffer.alloc(0) }]),
    };
    for (const [what, archive] of Object.entries(archives)) {
      const { cookie } = await server.begin();
      await server.ask(cookie, 'mode=file&filename=v8.zip', archive);
      const answer = await server.finished(cookie, 'mode=import&filename=import.xml');
      assert.match(answer.join(' '), /^failure .*(v8\.zip|not an exchange)/, what);
      assert.doesNotMatch(answer.join(' '), /root:x:0/, what);
      const all = await server.finished(cookie, 'mode=deactivate');
      assert.equal(all[0], 'failure', what);
    }
    const { cookie } = await server.begin();
    await server.ask(cookie, 'mode=file&filename=import.xml', xml.subarray(200));
    await server.ask(cookie, 'mode=file&filename=import.xml', xml.subarray(0, 200));
    const answer = await server.finished(cookie, 'mode=import&filename=import.xml');
    assert.match(answer.join(' '), /^failure .*import\.xml.*at byte/);
    assert.equal(existsSync(path.join(server.root, 'evil.jpg')), false);
    assert.equal(existsSync(path.join(server.folder, 'evil.jpg')), false);
    assert.deepEqual(await catalogue(), before);
  });

  it('refuses a file of no bytes, one never sent and a finish before anything was sent', async () => {
    const { cookie } = await server.begin();
    assert.match(
      (await server.ask(cookie, 'mode=file&filename=a.xml', Buffer.alloc(0))).join(' '),
      /^failure .*empty/,
    );
    assert.match(
      (await server.ask(cookie, 'mode=import&filename=a.xml')).join(' '),
      /^failure .*not been received/,
    );
    const before = await catalogue();
    assert.equal((await server.finished(cookie, 'mode=deactivate'))[0], 'failure');
    assert.deepEqual(await catalogue(), before);
  });

  it('keeps the files of two clients at once apart, and lets go of the one whose session was replaced', async () => {
    const one = await server.begin();
    const other = await server.begin();
    await server.ask(one.cookie, 'mode=file&filename=import.xml', goods.subarray(0, 200));
    await server.ask(other.cookie, 'mode=file&filename=import.xml', goods);
    await server.ask(one.cookie, 'mode=file&filename=import.xml', goods.subarray(200));
    for (const { received } of [one, other]) {
      assert.deepEqual(readFileSync(path.join(received, 'import.xml')), goods);
    }
    await shop.query(
      `UPDATE onec_exchanges SET created_at = now() - interval '2 minutes' WHERE status = 'receiving'`,
    );
    const third = await server.begin();
    for (const { cookie } of [one, other]) {
      const answer = await server.ask(cookie, 'mode=file&filename=import.xml', goods);
      assert.match(answer.join(' '), /^failure .*begin with mode=checkauth/);
    }
    await server.ask(third.cookie, 'mode=file&filename=import.xml', goods);
    assert.equal((await server.finished(third.cookie, 'mode=import&filename=import.xml'))[0], 'success');
    assert.deepEqual(await server.finished(third.cookie, 'mode=complete'), ['success']);
  });

  it('publishes the pictures of an archive, but none that would leave its folder', async () => {
    const { cookie } = await server.begin();
    const archive = zipArchive([
      { name: 'import.xml', content: goods },
      { name: 'import_files/ab/x.jpg', content: Buffer.from('a picture') },
      { name: 'import_files\\ab\\y.PNG', content: Buffer.from('another') },
      { name: '.hidden/z.jpg', content: Buffer.from('hidden') },
      { name: 'notes.txt', content: Buffer.from('no picture') },
    ]);
    await server.ask(cookie, 'mode=file&filename=v8.zip', archive.subarray(0, 150));
    await server.ask(cookie, 'mode=file&filename=v8.zip', archive.subarray(150));
    assert.equal((await server.finished(cookie, 'mode=import&filename=import.xml'))[0], 'success');
    assert.deepEqual(readdirSync(path.join(server.mediaFolder, 'import_files/ab')).sort(), [
      'x.jpg',
      'y.PNG',
    ]);
    assert.equal(readFileSync(path.join(server.mediaFolder, 'import_files/ab/x.jpg'), 'utf8'), 'a picture');
    assert.deepEqual(readdirSync(server.mediaFolder), ['import_files']);
  });

  it('goes on with an import whose worker was killed in the middle of it', async () => {
    await server.stopWorker();
    const { cookie } = await server.begin();
    const xml = Buffer.from(importXml({ full: false, goods: [{ id: 'k1', name: 'Щит' }] }));
    await server.ask(cookie, 'mode=file&filename=import.xml', xml);
    const blocker = new pg.Client(shop.connection);
    await blocker.connect();
    await blocker.query('BEGIN; LOCK TABLE products IN EXCLUSIVE MODE');
    const child = spawn(process.execPath, [WORKER, server.folder], {
      env: { ...process.env, ...shop.environment },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    try {
      assert.equal((await server.ask(cookie, 'mode=import&filename=import.xml'))[0], 'progress');
      await held(`SELECT 1 FROM pg_locks WHERE relation = 'products'::regclass AND NOT granted AND ${HERE}`);
    } finally {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      await blocker.query('ROLLBACK');
      await blocker.end();
    }
    await held(`SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND ${HERE})`);
    server.abandonedAfterMs = 0;
    assert.equal((await server.ask(cookie, 'mode=import&filename=import.xml'))[0], 'progress');
    server.abandonedAfterMs = 3_600_000;
    await server.startWorker();
    assert.equal((await server.finished(cookie, 'mode=import&filename=import.xml'))[0], 'success');
    assert.deepEqual(await shop.query(`SELECT name FROM products WHERE onec_id = 'k1'`), [{ name: 'Щит' }]);
    assert.deepEqual(await server.finished(cookie, 'mode=complete'), ['success']);
  });

  it('says so while the database is away, loses no part of a file and logs no password', async () => {
    const { cookie, received } = await server.begin();
    const xml = Buffer.from(offersXml({ full: false, offers: [{ id: 'g1#a', rest: '3' }] }));
    await server.ask(cookie, 'mode=file&filename=offers.xml', xml.subarray(0, 200));
    await server.stopWorker();
    const admin = new pg.Client({ ...shop.connection, database: 'postgres' });
    await admin.connect();
    const name = pg.escapeIdentifier(String(shop.connection.database));
    try {
      await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
      await admin.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND application_name = $2',
        [shop.connection.database, SERVER_SESSIONS],
      );
      await held(
        `SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database()
           AND application_name = '${SERVER_SESSIONS}')`,
      );
      for (const attempt of [1, 2]) {
        const answer = await server.ask(cookie, 'mode=file&filename=offers.xml', xml.subarray(200));
        assert.match(
          answer.join(' '),
          /^failure internal error of the shop; see its log$/,
          `attempt ${attempt}`,
        );
      }
    } finally {
      await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
      await admin.end();
    }
    await server.recovered();
    await server.startWorker();
    assert.deepEqual(await server.ask(cookie, 'mode=file&filename=offers.xml', xml.subarray(200)), [
      'success',
    ]);
    assert.deepEqual(readFileSync(path.join(received, 'offers.xml')), xml);
    assert.equal((await server.finished(cookie, 'mode=import&filename=offers.xml'))[0], 'success');
    assert.match(server.log, /1C exchange failed/);
    for (const secret of [
      PASSWORD,
      Buffer.from(`1c:${PASSWORD}`).toString('base64'),
      cookie.split('=')[1] ?? '?',
    ]) {
      assert.equal(server.log.includes(secret), false);
    }
  });
});
