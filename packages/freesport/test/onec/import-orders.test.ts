/** One staged row a key, in whatever order the files of an exchange name their keys. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { generateExchange } from 'commerceml/generate';
import { importExchange } from '../../src/onec/index.ts';
import { Fixtures } from './exchange-fixture.ts';
import { catalogueRows } from './made-catalogue.ts';
import { type ShopDatabases, shopDatabases } from './shop-database.ts';

const RECORD = /<Предложение>.*?<\/Предложение>/gs;

describe('the order of keys in the files of an exchange', () => {
  const fixtures = new Fixtures();
  let databases: ShopDatabases;
  before(async () => {
    databases = await shopDatabases();
  });
  after(async () => {
    await databases.release();
    fixtures.remove();
  });

  /** An exchange whose files are changed by `change`. */
  const exchange = async (change: (kind: string, text: string) => string): Promise<string> => {
    const directory = fixtures.folder();
    await generateExchange(directory, { goods: 40, offersPerGood: 6, packaging: 1 });
    for (const kind of ['prices', 'rests']) {
      for (const name of readdirSync(path.join(directory, kind))) {
        const file = path.join(directory, kind, name);
        writeFileSync(file, change(kind, readFileSync(file, 'utf8')));
      }
    }
    return directory;
  };
  /** What is in the shop after an import by one reading, or by two that meet at their keys. */
  const imported = async (source: string, secondReadingBytesMin?: number): Promise<unknown> => {
    const shop = await databases.create();
    const { connection } = shop;
    await importExchange({ source, mode: 'full', connection, again: true, secondReadingBytesMin });
    return await catalogueRows(shop);
  };
  const reversed = (text: string): string => {
    const records = text.match(RECORD)?.toReversed() ?? [];
    return text.replace(RECORD, () => records.shift() ?? '');
  };

  it('makes no difference', async () => {
    const inOrder = await exchange((_, text) => text);
    const expected = await imported(inOrder);
    assert.deepEqual(await imported(inOrder, 1), expected);
    const pricesReversed = await exchange((kind, text) => (kind === 'prices' ? reversed(text) : text));
    assert.deepEqual(await imported(pricesReversed, 1), expected);
    const bothReversed = await exchange((_, text) => reversed(text));
    assert.deepEqual(await imported(bothReversed, 1), expected);
    assert.deepEqual(await imported(bothReversed), expected);
  });

  it('makes no difference to figures alone', async () => {
    const full = await exchange((_, text) => text);
    const dearer = (_: string, text: string): string =>
      text
        .replace(/<ЦенаЗаЕдиницу>[^<]*/g, '<ЦенаЗаЕдиницу>55.50')
        .replace(/<Количество>[^<]*/g, '<Количество>9');
    const changed = await exchange(dearer);
    const figures = await exchange(dearer);
    for (const kind of readdirSync(figures)) {
      if (kind !== 'prices' && kind !== 'rests') rmSync(path.join(figures, kind), { recursive: true });
    }
    const modes = [
      ['prices', changed],
      ['stock', changed],
      ['changes', figures],
    ] as const;
    for (const [mode, source] of modes) {
      const [one, two] = await Promise.all(
        [undefined, 1].map(async (secondReadingBytesMin) => {
          const shop = await databases.create();
          const { connection } = shop;
          await importExchange({ source: full, mode: 'full', connection });
          await importExchange({ source, mode, connection, secondReadingBytesMin });
          return await catalogueRows(shop);
        }),
      );
      assert.deepEqual(two, one);
      assert.match(JSON.stringify(two), mode === 'stock' ? /9/ : /55\.50/);
    }
  });

  it('does not keep one reading waiting for another that has failed', async () => {
    // More prices than a reading may be ahead: it waits for the offers, of which no more will come.
    const source = fixtures.folder();
    await generateExchange(source, { goods: 2_500, offersPerGood: 8, packaging: 1 });
    const [name = ''] = readdirSync(path.join(source, 'offers'));
    const file = path.join(source, 'offers', name);
    truncateSync(file, Math.round(statSync(file).size / 10));
    await assert.rejects(imported(source, 1), { reason: 'exchange-unreadable' });
  });

  it('makes no difference to which of two figures is the later one', async () => {
    const twice = await exchange((kind, text) => {
      const [first = ''] = text.match(RECORD) ?? [];
      const again =
        kind === 'prices'
          ? first.replace(/<ЦенаЗаЕдиницу>[^<]*/g, '<ЦенаЗаЕдиницу>77.10')
          : first.replace(/<Количество>[^<]*/g, '<Количество>7');
      return text.replace(/<\/Предложения>/, `${again}</Предложения>`);
    });
    const expected = await imported(twice);
    assert.match(JSON.stringify(expected), /77\.10/);
    assert.deepEqual(await imported(twice, 1), expected);
  });
});
