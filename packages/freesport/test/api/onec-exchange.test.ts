import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { onecExchangeSettings } from '../../src/service/onec-exchange-settings.ts';
import { ShopDatabases } from '../support/shop-database.ts';
import { testServer } from '../support/test-server.ts';

describe('the exchange that 1C pushes', () => {
  let databases: ShopDatabases;
  let folder: string;
  before(async () => {
    databases = await ShopDatabases.open();
    await databases.shop('13.4');
    folder = mkdtempSync(path.join(tmpdir(), 'freesport-1c-'));
  });
  after(async () => {
    rmSync(folder, { recursive: true });
    await databases.release();
  });

  const basic = (password: string) => ({
    authorization: `Basic ${Buffer.from(`1c:${password}`).toString('base64')}`,
  });

  it('is served where it is configured, to who knows the password', async () => {
    const settings = { onecExchange: { username: '1c', password: 'a password', folder } };
    const server = await testServer('13.4', { settings });
    const url = '/1c-exchange/?type=catalog&mode=checkauth';
    assert.equal((await server.app.inject({ url, headers: basic('wrong') })).statusCode, 401);
    assert.match((await server.app.inject({ url, headers: basic('a password') })).body, /^success/);
    await server.close();
    const without = await testServer('13.4');
    assert.equal((await without.app.inject({ url, headers: basic('a password') })).statusCode, 404);
    await without.close();
  });

  it('takes its password from a file, and refuses to start without one', () => {
    assert.equal(onecExchangeSettings('/run', {}), undefined);
    const file = path.join(folder, 'password');
    const environment = { FREESPORT_1C_USER: '1c', FREESPORT_1C_PASSWORD_FILE: file };
    assert.throws(() => onecExchangeSettings('/run', environment), /cannot be read/);
    writeFileSync(file, '\n');
    assert.throws(() => onecExchangeSettings('/run', environment), /is empty/);
    writeFileSync(file, 'a password\n');
    assert.deepEqual(onecExchangeSettings('/run', environment), {
      username: '1c',
      password: 'a password',
      folder: '/run/1c',
    });
  });
});
