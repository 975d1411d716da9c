import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import pg from 'pg';
import { catalogueVersion } from '../../../src/onec/session/catalogue-version.ts';
import { type ShopDatabases, shopDatabases } from '../shop-database.ts';

describe('the version of a catalogue', () => {
  let databases: ShopDatabases;
  before(async () => {
    databases = await shopDatabases();
  });
  after(async () => await databases.release());

  it('does not depend on the plan that reads it', async () => {
    const shop = await databases.create();
    const client = new pg.Client(shop.connection);
    await client.connect();
    try {
      await client.query(`INSERT INTO categories (name, slug) SELECT n, n FROM generate_series(1, 20000) n`);
      await client.query(
        `INSERT INTO warehouses (onec_id, name) SELECT n, n FROM generate_series(1, 40000) n`,
      );
      await client.query('SET max_parallel_workers_per_gather = 0');
      const serial = await catalogueVersion(client);
      // Two tables that one process would read whole, each: a worker takes the next one that nobody has begun.
      await client.query(`SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;
        SET min_parallel_table_scan_size = '1TB'`);
      for (let n = 0; n < 10; n += 1) assert.equal(await catalogueVersion(client), serial);
      await client.query(`UPDATE color_mappings SET hex_code = hex_code WHERE name = 'Синий'`);
      assert.notEqual(await catalogueVersion(client), serial);
    } finally {
      await client.end();
    }
  });
});
