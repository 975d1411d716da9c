import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { importExchange, OnecImportError } from '../../../src/onec/index.ts';
import { Fixtures } from '../exchange-fixture.ts';
import { type ShopDatabases, shopDatabases } from '../shop-database.ts';

describe('the log of an import', () => {
  const fixtures = new Fixtures();
  let databases: ShopDatabases;
  before(async () => {
    databases = await shopDatabases();
  });
  after(async () => {
    await databases.release();
    fixtures.remove();
  });

  const source = (): string =>
    fixtures.write({ goods: [{ id: 'g1' }], offers: [{ id: 'lost#a' }, { id: 'lost#b' }] });

  it('is asked for before anything is begun', async () => {
    const shop = await databases.create();
    const logFile = path.join(fixtures.folder(), 'nowhere', 'import.jsonl');
    await assert.rejects(
      importExchange({ source: source(), mode: 'full', connection: shop.connection, logFile }),
      (error) =>
        error instanceof OnecImportError && error.reason === 'log-unwritable' && error.code === 'refused',
    );
    assert.deepEqual(await shop.query('SELECT 1 FROM import_sessions'), []);
  });

  it('on a disk that is full by then leaves the import done, and the report says so', {
    timeout: 60_000,
  }, async () => {
    const shop = await databases.create();
    const { report } = await importExchange({
      source: source(),
      mode: 'full',
      connection: shop.connection,
      logFile: '/dev/full',
    });
    assert.match(report, /\/dev\/full could not be written to its end \(ENOSPC\).*import_warnings/);
    assert.deepEqual(await shop.query('SELECT status FROM import_sessions'), [{ status: 'completed' }]);
    assert.deepEqual(await shop.query('SELECT count(*)::int FROM import_warnings'), [{ count: 2 }]);
    assert.deepEqual(await shop.query(`SELECT 1 FROM pg_namespace WHERE nspname = 'onec_staging'`), []);
  });
});
