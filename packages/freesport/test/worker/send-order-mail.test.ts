import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Database } from '../../src/database/database.ts';
import { sendOrderMail } from '../../src/worker/send-order-mail.ts';
import { rows, ShopDatabases } from '../support/shop-database.ts';

describe('the mail job of the worker', () => {
  let databases: ShopDatabases;
  before(async () => {
    databases = await ShopDatabases.open();
    await databases.shop('13.4');
  });
  after(async () => {
    await databases.release();
  });

  it('writes one mail an order however often it runs', async () => {
    const database = new Database('freesport-worker');
    await rows(
      `INSERT INTO orders (order_number, customer_email, customer_name, total_amount) VALUES ('M-1', 'a@example.com', 'Анна', 5), ('M-2', '', '', 5)`,
    );
    assert.equal(await sendOrderMail(database, 'M-1'), true);
    assert.equal(await sendOrderMail(database, 'M-1'), false);
    assert.equal(await sendOrderMail(database, 'M-2'), false, 'nowhere to send it');
    assert.equal(await sendOrderMail(database, 'M-3'), false, 'no such order');
    assert.deepEqual(await rows('SELECT recipient, subject FROM mail_outbox'), [
      { recipient: 'a@example.com', subject: 'Заказ M-1 принят' },
    ]);
    await database.close();
  });
});
