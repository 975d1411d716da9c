import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import rateLimit from '@fastify/rate-limit';
import fastify, { type FastifyInstance } from 'fastify';
import { Logger, type Runner, run, runMigrations } from 'graphile-worker';
import pg from 'pg';
import { asQueryable, type Queryable } from '../../../src/database/database.ts';
import { onecExchangePlugin, onecExchangeTasks } from '../../../src/onec/index.ts';
import { importXml, offersXml } from '../exchange-fixture.ts';
import { type ShopDatabase, type ShopDatabases, shopDatabases } from '../shop-database.ts';
import { zipArchive } from './zip-archive.ts';

const PART_BYTES_MAX = 64 * 1024;

describe('the HTTP exchange of 1C', () => {
  const root = mkdtempSync(path.join(tmpdir(), 'onec-http-'));
  const folder = path.join(root, 'received');
  const mediaFolder = path.join(root, 'media');
  let databases: ShopDatabases;
  let shop: ShopDatabase;
  let pool: pg.Pool;
  let runner: Runner | undefined;
  let app: FastifyInstance;

  const database: Queryable = {
    query: async (text, values) => await asQueryable(pool as unknown as pg.ClientBase).query(text, values),
  };
  const startWorker = async (): Promise<void> => {
    runner = await run({
      pgPool: pool,
      taskList: onecExchangeTasks({ database, folder, connection: shop.connection }),
      concurrency: 1,
      pollInterval: 100,
      noHandleSignals: true,
      logger: new Logger(() => () => undefined),
    });
  };
  before(async () => {
    databases = await shopDatabases();
    shop = await databases.create();
    pool = new pg.Pool({ ...shop.connection, max: 6 });
    pool.on('error', () => undefined);
    pool.on('connect', (client) => client.on('error', () => undefined));
    await runMigrations({ pgPool: pool });
    app = fastify();
    await app.register(rateLimit, { global: false });
    await app.register(onecExchangePlugin, {
      prefix: '/1c',
      database,
      username: '1c',
      password: 'pass:word',
      folder,
      mediaFolder,
      partBytesMax: PART_BYTES_MAX,
      fileBytesMax: 4 * PART_BYTES_MAX,
      exchangesKept: 3,
      patienceMs: 200,
    });
    await startWorker();
  });
  after(async () => {
    await runner?.stop();
    await app.close();
    await pool.end();
    await databases.release();
    rmSync(root, { recursive: true, force: true });
  });

  const ask = async (cookie: string, query: string, body?: Buffer): Promise<string[]> => {
    const answer = await app.inject({
      method: body === undefined ? 'GET' : 'POST',
      url: `/1c/?type=catalog&${query}`,
      headers: { cookie, ...(body === undefined ? {} : { 'content-type': 'application/octet-stream' }) },
      ...(body === undefined ? {} : { payload: body }),
    });
    return answer.body.split('\n');
  };
  const login = async (password = 'pass:word'): Promise<string> => {
    const answer = await app.inject({
      url: '/1c/?type=catalog&mode=checkauth',
      headers: { authorization: `Basic ${Buffer.from(`1c:${password}`).toString('base64')}` },
    });
    const [said, name, token] = answer.body.split('\n');
    return said === 'success' ? `other=1; ${name}=${token}` : '';
  };
  const begin = async (): Promise<{ cookie: string; received: string }> => {
    const cookie = await login();
    const [, , sessid = ''] = await ask(cookie, 'mode=init');
    return { cookie, received: path.join(folder, sessid.replace('sessid=', '')) };
  };
  const finished = async (cookie: string, query: string): Promise<string[]> => {
    for (let attempt = 0; attempt < 100; attempt += 1) {
      const answer = await ask(cookie, query);
      if (answer[0] !== 'progress') return answer;
    }
    throw new Error(`${query} is still in progress after 100 requests`);
  };
  const goods = Buffer.from(
    importXml({
      goods: [
        { id: 'g1', name: 'Мяч' },
        { id: 'g2', name: 'Щит' },
      ],
    }),
  );
  const offers = Buffer.from(offersXml({ offers: [{ id: 'g1#a', rest: '3' }, { id: 'g1#b' }] }));

  it('takes a whole exchange in parts, imports file by file and finishes the catalogue', async () => {
    const cookie = await login();
    assert.deepEqual((await ask(cookie, 'mode=init')).slice(0, 2), [
      'zip=yes',
      `file_limit=${PART_BYTES_MAX}`,
    ]);
    assert.deepEqual(await ask(cookie, 'mode=file&filename=goods/goods_1_1.xml', goods.subarray(0, 300)), [
      'success',
    ]);
    assert.deepEqual(await ask(cookie, 'mode=file&filename=goods/goods_1_1.xml', goods.subarray(300)), [
      'success',
    ]);
    assert.deepEqual(await ask(cookie, 'mode=file&filename=offers.xml', offers), ['success']);
    assert.deepEqual(await ask(cookie, 'mode=file&filename=import_files/aa/x.jpg', Buffer.from('picture')), [
      'success',
    ]);
    assert.equal(readFileSync(path.join(mediaFolder, 'import_files/aa/x.jpg'), 'utf8'), 'picture');
    assert.equal((await finished(cookie, 'mode=import&filename=goods/goods_1_1.xml'))[0], 'success');
    assert.equal((await finished(cookie, 'mode=import&filename=offers.xml'))[0], 'success');
    assert.deepEqual(
      await shop.query('SELECT onec_id, stock_quantity, is_default FROM product_variants ORDER BY onec_id'),
      [
        { onec_id: 'g1#a', stock_quantity: 3, is_default: false },
        { onec_id: 'g1#b', stock_quantity: 0, is_default: false },
        { onec_id: 'g2', stock_quantity: 0, is_default: true },
      ],
    );
    assert.equal((await finished(cookie, 'mode=deactivate'))[0], 'success');
    assert.deepEqual(await finished(cookie, 'mode=complete'), ['success']);
    assert.equal((await ask(cookie, 'mode=import&filename=offers.xml'))[0], 'failure');
    const sessions = await shop.query<{ import_type: string }>(
      'SELECT import_type FROM import_sessions ORDER BY id',
    );
    assert.deepEqual(
      sessions.map((row) => row.import_type),
      ['changes', 'changes', 'full'],
    );
  });

  it('takes archives in parts and imports them once, whichever of their files is named', async () => {
    const { cookie } = await begin();
    const zip = zipArchive([
      { name: 'import.xml', content: Buffer.from(importXml({ full: false, goods: [{ id: 'z1' }] })) },
      { name: 'offers.xml', content: Buffer.from(offersXml({ full: false, offers: [{ id: 'z1#a' }] })) },
    ]);
    await ask(cookie, 'mode=file&filename=v8.zip', zip.subarray(0, 100));
    await ask(cookie, 'mode=file&filename=v8.zip', zip.subarray(100));
    assert.equal((await finished(cookie, 'mode=import&filename=import.xml'))[0], 'success');
    assert.equal((await finished(cookie, 'mode=import&filename=offers.xml'))[0], 'success');
    assert.equal((await shop.query(`SELECT 1 FROM product_variants WHERE onec_id = 'z1#a'`)).length, 1);
  });

  it('keeps what the newest exchanges sent, and whatever is no exchange', async () => {
    mkdirSync(path.join(folder, 'notes'), { recursive: true });
    // Of before a rollback, whose database counts on from an earlier number.
    const before = ['9000001', '9000002', '9000003'].map((name) => path.join(folder, name));
    for (const one of before) {
      mkdirSync(one);
      utimesSync(one, 1, 1);
    }
    const received: string[] = [];
    for (let n = 0; n < 4; n += 1) received.push((await begin()).received);
    assert.deepEqual(
      received.map((one) => existsSync(one)),
      [false, true, true, true],
    );
    assert.deepEqual(
      before.map((one) => existsSync(one)),
      [false, false, false],
    );
    assert.equal(existsSync(path.join(folder, 'notes')), true);
  });

  it('lets nobody in with a wrong password or without a session', async () => {
    assert.equal(await login('guess'), '');
    const answer = await app.inject({ url: '/1c/?type=catalog&mode=checkauth' });
    assert.equal(answer.statusCode, 401);
    for (const cookie of ['', 'freesport_1c=forged']) {
      const refused = await app.inject({ url: '/1c/?type=catalog&mode=init', headers: { cookie } });
      assert.deepEqual([refused.statusCode, refused.body.split('\n')[0]], [401, 'failure']);
    }
  });

  it('lets one address guess only so often, and goes on with whoever is logged in', async () => {
    const remoteAddress = '192.0.2.7';
    const cookie = await login();
    const guess = async (): Promise<number> =>
      (await app.inject({ url: '/1c/?type=catalog&mode=checkauth', remoteAddress })).statusCode;
    const codes: number[] = [];
    for (let attempt = 0; attempt < 31; attempt += 1) codes.push(await guess());
    assert.deepEqual(new Set(codes.slice(0, 30)), new Set([401]));
    const last = await app.inject({ url: '/1c/?type=catalog&mode=checkauth', remoteAddress });
    assert.equal(last.statusCode, 429);
    assert.match(last.body, /^failure\nmore than 30 logins within a minute/);
    const other = await app.inject({
      url: '/1c/?type=catalog&mode=init',
      headers: { cookie },
      remoteAddress,
    });
    assert.match(other.body, /^zip=yes/);
  });

  it('wants init before files and a file before its import', async () => {
    const cookie = await login();
    assert.match(
      (await ask(cookie, 'mode=file&filename=a.xml', goods)).join(' '),
      /^failure mode=init has not been/,
    );
    await ask(cookie, 'mode=init');
    assert.match(
      (await ask(cookie, 'mode=import&filename=a.xml')).join(' '),
      /^failure a\.xml has not been received/,
    );
    assert.match((await ask(cookie, 'mode=nonsense')).join(' '), /^failure mode=nonsense/);
    assert.match((await ask(cookie, 'mode=file&filename=a.xml')).join(' '), /^failure .*POST/);
  });

  it('keeps every file below its folder', async () => {
    const { cookie } = await begin();
    const names = [
      '../evil.xml',
      '..\\evil.xml',
      '/etc/evil.xml',
      'a/../../evil.xml',
      'C:\\evil.xml',
      '.parts/x',
      'a\u0000.xml',
      '',
    ];
    for (const name of names) {
      const [said] = await ask(cookie, `mode=file&filename=${encodeURIComponent(name)}`, goods);
      assert.equal(said, 'failure', name);
    }
    assert.equal(existsSync(path.join(folder, 'evil.xml')), false);
    assert.equal(existsSync(path.join(root, 'evil.xml')), false);
  });

  it('appends a repeated part once, refuses oversized ones and keeps what was there', async () => {
    const { cookie, received } = await begin();
    const parts = [goods.subarray(0, 200), goods.subarray(200, 400), goods.subarray(400)];
    for (const part of [parts[0], parts[1], parts[1], parts[2], parts[2]]) {
      assert.deepEqual(await ask(cookie, 'mode=file&filename=g.xml', part), ['success']);
    }
    assert.deepEqual(readFileSync(path.join(received, 'g.xml')), goods);
    const large = Buffer.alloc(PART_BYTES_MAX + 1, 'x');
    assert.match((await ask(cookie, 'mode=file&filename=g.xml', large)).join(' '), /^failure .*file_limit/);
    for (const fill of 'abcd')
      await ask(cookie, 'mode=file&filename=big.xml', Buffer.alloc(PART_BYTES_MAX, fill));
    const [said] = await ask(cookie, 'mode=file&filename=big.xml', Buffer.alloc(1, 'e'));
    assert.equal(said, 'failure');
    assert.deepEqual(readFileSync(path.join(received, 'g.xml')), goods);
    assert.equal(readFileSync(path.join(received, 'big.xml')).length, 4 * PART_BYTES_MAX);
  });

  it('starts files anew at init, and refuses init while an import runs', async () => {
    const { cookie, received } = await begin();
    await ask(cookie, 'mode=file&filename=g.xml', goods.subarray(0, 100));
    await ask(cookie, 'mode=init');
    await ask(cookie, 'mode=file&filename=g.xml', goods);
    assert.deepEqual(readFileSync(path.join(received, 'g.xml')), goods);
    await runner?.stop();
    runner = undefined;
    assert.equal((await ask(cookie, 'mode=import&filename=g.xml'))[0], 'progress');
    assert.match(
      (await ask(cookie, 'mode=init')).join(' '),
      /^failure the import of g\.xml is still running/,
    );
    assert.equal((await ask(cookie, 'mode=complete'))[0], 'progress');
    await startWorker();
    assert.equal((await finished(cookie, 'mode=import&filename=g.xml'))[0], 'success');
  });

  it('says why a cut file or a bomb was not imported, and changes nothing', async () => {
    const { cookie } = await begin();
    const before = await shop.query('SELECT onec_id, name FROM products ORDER BY id');
    await ask(cookie, 'mode=file&filename=cut.xml', goods.subarray(0, 500));
    assert.match(
      (await finished(cookie, 'mode=import&filename=cut.xml')).join(' '),
      /^failure .*cut\.xml.*at byte/,
    );
    const bomb = zipArchive([{ name: 'import.xml', content: Buffer.alloc(1000, 'x'), claimed: 0xffff_fff0 }]);
    const wide = zipArchive(
      Array.from({ length: 5 }, (_, n) => ({
        name: `${n}.xml`,
        content: Buffer.from('x'),
        claimed: 0xffff_fff0,
      })),
    );
    for (const archive of [bomb, wide]) {
      const next = await begin();
      await ask(next.cookie, 'mode=file&filename=v8.zip', archive);
      assert.match(
        (await finished(next.cookie, 'mode=import&filename=import.xml')).join(' '),
        /^failure .*v8\.zip/,
      );
    }
    assert.deepEqual(await shop.query('SELECT onec_id, name FROM products ORDER BY id'), before);
  });
});
