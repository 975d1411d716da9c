import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import pino from 'pino';
import { runImportJob } from '../../src/onec/run-import-job.ts';
import { rows, ShopDatabases } from '../support/shop-database.ts';

const IMPORT = `<?xml version="1.0" encoding="UTF-8"?><КоммерческаяИнформация ВерсияСхемы="2.04" ДатаФормирования="2025-01-01T00:00:00">
<Каталог СодержитТолькоИзменения="true"><Ид>c</Ид><ИдКлассификатора>k</ИдКлассификатора><Наименование>c</Наименование><Товары>
<Товар><Ид>job-good</Ид><Наименование>Мяч из задания</Наименование></Товар></Товары></Каталог></КоммерческаяИнформация>`;
const logger = pino({ level: 'silent' });

describe('the import job of the worker', () => {
  let databases: ShopDatabases;
  let exchange: string;
  before(async () => {
    databases = await ShopDatabases.open();
    await databases.shop('13.4');
    exchange = mkdtempSync(path.join(tmpdir(), 'freesport-exchange-'));
  });
  after(async () => {
    rmSync(exchange, { recursive: true });
    await databases.release();
  });

  it('imports an exchange in a process of its own, and tells why it could not', async () => {
    await assert.rejects(
      runImportJob({ directory: path.join(exchange, 'nowhere'), full: false, logger }),
      /the import of .*nowhere ended with [1-9]\d*: .+/s,
    );
    writeFileSync(path.join(exchange, 'import.xml'), IMPORT);
    await runImportJob({ directory: exchange, full: false, logger });
    assert.deepEqual(
      await rows(`SELECT p.name, count(v.id) AS variants FROM products p JOIN product_variants v ON v.product_id = p.id
      WHERE p.onec_id = 'job-good' GROUP BY p.name`),
      [{ name: 'Мяч из задания', variants: 1 }],
    );
  });
});
