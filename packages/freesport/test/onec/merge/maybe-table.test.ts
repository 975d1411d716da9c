import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import pg from 'pg';
import { MaybeTable } from '../../../src/onec/merge/maybe-table.ts';
import { type ShopDatabase, type ShopDatabases, shopDatabases } from '../shop-database.ts';

describe('MaybeTable', () => {
  let databases: ShopDatabases;
  let shop: ShopDatabase;
  let client: pg.Client;
  before(async () => {
    databases = await shopDatabases();
    shop = await databases.create();
    client = new pg.Client(shop.connection);
    await client.connect();
    await client.query('CREATE SCHEMA onec_staging');
    await client.query('CREATE TABLE onec_staging.offers AS SELECT n AS id FROM generate_series(1, 3) n');
  });
  after(async () => {
    await client.end();
    await databases.release();
  });

  const joined = async (known: MaybeTable): Promise<unknown[]> =>
    (
      await client.query({
        text: `SELECT o.id, k.name, ${known.has('x', 'x.id = o.id')} AS has
          FROM onec_staging.offers o ${known.leftJoin('k', 'k.id = o.id')} ORDER BY o.id`,
        rowMode: 'array',
      })
    ).rows;

  it('gives the same without a table as with an empty one', async () => {
    await client.query('CREATE TABLE onec_staging.known (id int4, name varchar(10))');
    const empty = await joined(MaybeTable.there('known'));
    assert.deepEqual(
      empty,
      [1, 2, 3].map((id) => [id, null, false]),
    );
    assert.deepEqual(await joined(MaybeTable.empty('id int4, name varchar(10)')), empty);
    await client.query(`INSERT INTO onec_staging.known VALUES (2, 'two')`);
    assert.deepEqual((await joined(MaybeTable.there('known')))[1], [2, 'two', true]);
  });
});
