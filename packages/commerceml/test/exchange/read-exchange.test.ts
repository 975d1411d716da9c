import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { crc32 } from 'node:zlib';
import { generateExchange } from '../../src/generate/index.ts';
import {
  type CommerceMlRecord,
  exchangeSize,
  inspectExchange,
  orderExchange,
  readExchange,
  readExchangeBatches,
  visitExchange,
} from '../../src/index.ts';
import { makeZip } from './make-zip.ts';

const FIXTURES = path.resolve(import.meta.dirname, '../fixtures');
let scratch = '';

before(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'commerceml-'));
});
after(async () => {
  await rm(scratch, { recursive: true });
});

async function collect(source: AsyncIterable<CommerceMlRecord>): Promise<CommerceMlRecord[]> {
  const records: CommerceMlRecord[] = [];
  for await (const record of source) records.push(record);
  return records;
}

describe('readExchange', () => {
  it('reads in the order of dependency, whatever the names', async () => {
    const order = (await orderExchange(path.join(FIXTURES, 'defects-31'))).map(
      ({ file, phase }) => `${phase} ${file.name}`,
    );
    assert.deepEqual(order, [
      'reference groups/groups.xml',
      'reference priceLists/priceLists.xml',
      'reference propertiesGoods/propertiesGoods.xml',
      'reference units/units.xml',
      'goods goods/import_files/goods.xml',
      'offers offers/offers_1_2_y.xml',
      'offers offers/offers_1_10_x.xml',
      'prices prices/prices.xml',
      'rests rests/rests.xml',
    ]);
  });

  it('takes the kind from the content: with meaningless names the records are the same', async () => {
    const dir = path.join(scratch, 'renamed');
    await mkdir(dir);
    const names = await readdir(path.join(FIXTURES, 'defects-31'), { recursive: true });
    for (const [i, name] of names
      .filter((name) => name.endsWith('.xml'))
      .toSorted()
      .entries()) {
      await cp(path.join(FIXTURES, 'defects-31', name), path.join(dir, `ФАЙЛ${i}.XML`));
    }
    const phases = (await orderExchange(dir)).map(({ phase }) => phase);
    assert.deepEqual(phases, [
      'reference',
      'reference',
      'reference',
      'reference',
      'goods',
      'offers',
      'offers',
      'prices',
      'rests',
    ]);
  });

  it('reads a zip archive as it reads a folder', async () => {
    const folder = path.join(FIXTURES, 'defects-31');
    const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.xml'));
    const entries = await Promise.all(
      names.map(async (name) => [name, await readFile(path.join(folder, name))] as const),
    );
    const zip = path.join(scratch, 'exchange.zip');
    await writeFile(zip, makeZip([...entries, ['goods/import_files/a.jpg', Buffer.from('x')]]));
    const plain = (records: readonly CommerceMlRecord[]): unknown[] =>
      records.map(({ origin, ...rest }) => ({
        ...rest,
        message: '',
        origin: { ...origin, file: origin.file.replace('exchange.zip!/', '') },
      }));
    assert.deepEqual(plain(await collect(readExchange(zip))), plain(await collect(readExchange(folder))));
  });

  it('refuses an archive with a path that leaves it', async () => {
    const evil = path.join(scratch, 'evil.zip');
    await writeFile(evil, makeZip([['../../etc/evil.xml', Buffer.from('<a/>')]]));
    await assert.rejects(collect(readExchange(evil)), { code: 'bad-archive' });
  });

  it('refuses a zip bomb, a broken archive and a corrupt entry', async () => {
    const bomb = path.join(scratch, 'bomb.zip');
    await writeFile(bomb, makeZip([['a.xml', Buffer.alloc(1024 * 1024, 0x20)]]));
    await assert.rejects(collect(readExchange(bomb, { zipLimits: { bytesMax: 1000, entriesMax: 10 } })), {
      code: 'limit-exceeded',
    });
    const broken = path.join(scratch, 'broken.zip');
    await writeFile(broken, (await readFile(bomb)).subarray(0, 200));
    await assert.rejects(collect(readExchange(broken)), { code: 'bad-archive', file: 'broken.zip' });
    const corrupt = makeZip([['a.xml', await readFile(path.join(FIXTURES, 'defects-204/import.xml'))]]);
    corrupt.fill(0xff, 60, 120);
    const bad = path.join(scratch, 'corrupt.zip');
    await writeFile(bad, corrupt);
    await assert.rejects(collect(readExchange(bad)), { code: 'bad-archive', file: 'corrupt.zip!/a.xml' });
  });

  it('refuses an entry that is whole and yet not what was packed', async () => {
    const xml = await readFile(path.join(FIXTURES, 'defects-204/import.xml'));
    const zip = makeZip([['a.xml', xml]]);
    const sum = Buffer.alloc(4);
    sum.writeUInt32LE(crc32(xml));
    for (let at = zip.indexOf(sum); at !== -1; at = zip.indexOf(sum)) zip.writeUInt32LE(1, at);
    const damaged = path.join(scratch, 'damaged.zip');
    await writeFile(damaged, zip);
    await assert.rejects(collect(readExchange(damaged)), {
      code: 'bad-archive',
      file: 'damaged.zip!/a.xml',
      message: /checksum/,
    });
  });

  it('refuses an archive in an archive, but not one that 1C has attached to a good', async () => {
    const inner = makeZip([['offers.xml', Buffer.from('<a/>')]]);
    const xml = await readFile(path.join(FIXTURES, 'defects-204/import.xml'));
    const nested = path.join(scratch, 'nested.zip');
    await writeFile(
      nested,
      makeZip([
        ['import.xml', xml],
        ['offers/v8.ZIP', inner],
      ]),
    );
    await assert.rejects(collect(readExchange(nested)), { code: 'bad-archive', message: /offers\/v8\.ZIP/ });
    const attached = path.join(scratch, 'attached.zip');
    await writeFile(
      attached,
      makeZip([
        ['import.xml', xml],
        ['goods/import_files/aa/passport.zip', inner],
      ]),
    );
    const records = await collect(readExchange(attached));
    assert.notEqual(records.length, 0);
    const folder = path.join(scratch, 'attached');
    await mkdir(path.join(folder, 'goods/import_files'), { recursive: true });
    await writeFile(path.join(folder, 'import.xml'), xml);
    await writeFile(path.join(folder, 'goods/import_files/manual.zip'), 'no archive at all');
    assert.equal((await collect(readExchange(folder))).length, records.length);
  });

  it('leaves XML of another kind alone that 1C has attached to a good, and nowhere else', async () => {
    const folder = path.join(scratch, 'attached-xml');
    const pictures = path.join(folder, 'import_files/aa');
    await mkdir(pictures, { recursive: true });
    await writeFile(path.join(pictures, 'manual.xml'), '<manual/>');
    await assert.rejects(
      collect(readExchange(folder)),
      { code: 'not-commerceml' },
      'nothing but attachments',
    );
    await cp(path.join(FIXTURES, 'defects-204/import.xml'), path.join(folder, 'import.xml'));
    const records = await collect(readExchange(path.join(folder, 'import.xml')));
    assert.deepEqual(await collect(readExchange(folder)), records);
    await writeFile(path.join(pictures, 'cut.xml'), '<КоммерческаяИнформация>');
    await assert.rejects(collect(readExchange(folder)), { code: 'truncated' });
    await rm(path.join(pictures, 'cut.xml'));
    await writeFile(path.join(folder, 'sitemap.xml'), '<urlset/>');
    await assert.rejects(collect(readExchange(folder)), { code: 'not-commerceml', file: 'sitemap.xml' });
  });

  it('reads files and folders that are linked from elsewhere once, and follows no link in circles', async () => {
    const elsewhere = path.join(scratch, 'elsewhere');
    const linked = path.join(scratch, 'linked');
    await cp(path.join(FIXTURES, 'defects-31'), elsewhere, { recursive: true });
    await mkdir(path.join(linked, 'own'), { recursive: true });
    await cp(path.join(elsewhere, 'groups/groups.xml'), path.join(linked, 'own/groups.xml'));
    for (const name of await readdir(elsewhere)) {
      if (name !== 'groups') await symlink(path.join(elsewhere, name), path.join(linked, name));
    }
    await symlink(path.join(linked, 'own'), path.join(linked, 'latest'));
    await symlink(scratch, path.join(linked, 'own/up'));
    await symlink(path.join(scratch, 'gone'), path.join(linked, 'pictures'));
    const { warnings, ...counts } = await inspectExchange(elsewhere);
    assert.deepEqual(await inspectExchange(linked), { ...counts, warnings });
    assert.equal(await exchangeSize(linked), await exchangeSize(elsewhere));
    await symlink(path.join(scratch, 'gone'), path.join(linked, 'gone.xml'));
    const unreadable = { code: 'unreadable', file: path.join(linked, 'gone.xml') };
    await assert.rejects(collect(readExchange(linked)), unreadable);
    await assert.rejects(exchangeSize(linked), unreadable);
  });

  it('takes schema and date from the files of the catalogue, not from orders beside it', async () => {
    const folder = path.join(scratch, 'with-orders');
    await cp(path.join(FIXTURES, 'defects-204'), folder, { recursive: true });
    const { files, warnings, ...alone } = await inspectExchange(folder);
    await writeFile(
      path.join(folder, 'orders.xml'),
      '<КоммерческаяИнформация ВерсияСхемы="2.10" ДатаФормирования="2031-01-01T00:00:00"><Документ><Ид>1</Ид><Товары><Товар><Ид>a</Ид></Товар></Товары></Документ></КоммерческаяИнформация>',
    );
    assert.deepEqual(await inspectExchange(folder), {
      ...alone,
      files: files + 1,
      warnings: { ...warnings, 'unknown-section': (warnings['unknown-section'] ?? 0) + 1 },
    });
  });

  it('refuses an empty folder and a missing one', async () => {
    const empty = path.join(scratch, 'empty');
    await mkdir(empty);
    await assert.rejects(collect(readExchange(empty)), { code: 'empty-exchange' });
    await assert.rejects(collect(readExchange(path.join(scratch, 'absent'))), { code: 'unreadable' });
  });

  it('reads a list of files', async () => {
    const files = ['offers.xml', 'import.xml'].map((name) => path.join(FIXTURES, 'defects-204', name));
    const records = await collect(readExchange({ files }));
    assert.deepEqual(
      records.filter(({ kind }) => kind === 'document').map(({ origin }) => origin.file),
      ['import.xml', 'offers.xml'],
    );
  });

  it('keeps files of a list apart that have the same name', async () => {
    const folder = path.join(FIXTURES, 'defects-31');
    const files = ['offers/offers_1_2_y.xml', 'prices/prices.xml'].map((name) => path.join(folder, name));
    const names = (await orderExchange({ files })).map(({ file }) => file.name);
    assert.deepEqual(names, ['offers/offers_1_2_y.xml', 'prices/prices.xml']);
    assert.deepEqual(
      (await orderExchange({ files: files.slice(0, 1) })).map(({ file }) => file.name),
      ['offers_1_2_y.xml'],
    );
  });

  it('stops with an error at a truncated file, after the files before it', async () => {
    const dir = path.join(scratch, 'cut');
    const truth = await generateExchange(dir, { goods: 300, offersPerGood: 5 });
    const prices = path.join(dir, 'prices');
    const [name = ''] = await readdir(prices);
    await truncate(path.join(prices, name), 500_000);
    const records: CommerceMlRecord[] = [];
    await assert.rejects(
      async () => {
        for await (const record of readExchange(dir)) records.push(record);
      },
      {
        name: 'CommerceMlError',
        code: /truncated|invalid-encoding/,
        file: `prices/${name}`,
        offset: 500_000,
      },
    );
    assert.equal(records.filter(({ kind }) => kind === 'offer').length, truth.offers);
    assert.equal(records.filter(({ kind }) => kind === 'rest').length, 0);
  });

  it('says the line of an error', async () => {
    const file = path.join(scratch, 'line.xml');
    await writeFile(
      file,
      '<?xml version="1.0"?>\n<КоммерческаяИнформация>\n\t<Каталог>\n\t</Каталог >\n\t<б></а>\n',
    );
    await assert.rejects(collect(readExchange(file)), {
      code: 'malformed',
      line: 5,
      message: /line\.xml: .*<\/б>.*\(at byte \d+, line 5\)/,
    });
  });

  it('stops when it is told to', async () => {
    const dir = path.join(scratch, 'abort');
    await generateExchange(dir, { goods: 300, offersPerGood: 5 });
    const controller = new AbortController();
    const reason = new Error('enough');
    let batches = 0;
    await assert.rejects(async () => {
      for await (const _ of readExchangeBatches(dir, { signal: controller.signal })) {
        batches += 1;
        if (batches === 3) controller.abort(reason);
      }
    }, reason);
    assert.equal(batches, 3);
  });

  it('visits the records that batches hold, in their order, each when it is complete', async () => {
    const dir = path.join(scratch, 'visited');
    await generateExchange(dir, { goods: 60, offersPerGood: 5 });
    const gathered: CommerceMlRecord[] = [];
    for await (const batch of readExchangeBatches(dir, { crossChecks: false })) gathered.push(...batch);
    const visited: CommerceMlRecord[] = [];
    let steps = 0;
    for await (const _ of visitExchange(dir, (record) => visited.push(record))) steps += 1;
    assert.deepEqual(visited, gathered);
    assert.ok(steps > 1);
    const enough = new Error('enough');
    await assert.rejects(async () => {
      const stop = (): void => {
        throw enough;
      };
      for await (const _ of visitExchange(dir, stop)) steps += 1;
    }, enough);
    const cut = path.join(scratch, 'visited.xml');
    await writeFile(cut, '<КоммерческаяИнформация>');
    await assert.rejects(
      async () => {
        for await (const _ of visitExchange({ files: [cut] }, () => undefined)) steps += 1;
      },
      { code: 'truncated', line: 1 },
    );
  });

  it('reads no further than it is asked to', async () => {
    let chunks = 0;
    const xml = await readFile(path.join(FIXTURES, 'defects-204/import.xml'));
    const file = {
      name: 'import.xml',
      bytes: xml.length,
      chunks: async function* () {
        for (let at = 0; at < xml.length; at += 64) {
          chunks += 1;
          yield xml.subarray(at, at + 64);
        }
      },
    };
    const source = readExchange({ files: [file] });
    const { value } = await source.next();
    assert.equal(value?.kind, 'document');
    const whole = Math.ceil(xml.length / 64);
    // Once whole at most to find out what it is, then only the start: back-pressure is the pull itself.
    assert.ok(chunks < whole + SNIFF_CHUNKS, `${chunks} of ${whole} chunks`);
    await source.return();
  });

  it('reads 50 MB in a heap of 24 MB', async () => {
    const dir = path.join(scratch, 'memory');
    const { offers } = await generateExchange(dir, {
      goods: 1000,
      offersPerGood: 8,
      portion: Number.MAX_SAFE_INTEGER,
    });
    const index = pathToFileURL(path.resolve(import.meta.dirname, '../../src/index.ts')).href;
    const program = `import { readExchangeBatches } from ${JSON.stringify(index)};
      let offers = 0;
      for await (const records of readExchangeBatches(${JSON.stringify(dir)}, { crossChecks: false }))
        for (const { kind } of records) if (kind === 'offer') offers += 1;
      console.log(offers);`;
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--max-old-space-size=24', '--input-type=module', '-e', program],
      { encoding: 'utf8', timeout: 120_000 },
    );
    assert.equal(status, 0, stderr);
    assert.equal(stdout.trim(), String(offers));
  });

  it('says which file it is at, and how far', async () => {
    const seen: string[] = [];
    const dir = path.join(FIXTURES, 'defects-204');
    for await (const _ of readExchangeBatches(dir, {
      onFile: ({ file, phase, bytesBefore, bytesTotal }) =>
        seen.push(`${phase} ${file} ${bytesBefore < bytesTotal}`),
    }));
    assert.deepEqual(seen, ['goods import.xml true', 'offers offers.xml true']);
  });
});

/** The encoding is decided after 1,024 bytes: 16 chunks of 64, and one more. */
const SNIFF_CHUNKS = 18;

describe('generateExchange and inspectExchange', () => {
  for (const layout of ['3.1', '2.04'] as const) {
    for (const full of [true, false]) {
      it(`agree on every count (${layout}, ${full ? 'full' : 'changes only'})`, async () => {
        const dir = path.join(scratch, `truth-${layout}-${full}`);
        const { files, bytes, ...truth } = await generateExchange(dir, {
          goods: 230,
          offersPerGood: 7.3,
          layout,
          full,
          seed: 42,
          portion: 100,
        });
        const { warnings, ...summary } = await inspectExchange(dir);
        assert.deepEqual({ ...summary, ...truth }, summary);
        assert.equal(summary.files, files);
        assert.ok(bytes > 500_000);
        for (const code of [
          'orphan-offer',
          'good-without-offer',
          'duplicate-article',
          'boolean-size',
          'sentinel-value',
          'html-text',
          'padded-text',
          'empty-characteristic',
          'unknown-group',
          'placeholder-value',
          'nil-reference',
          'decimal-comma',
        ] as const) {
          assert.ok((warnings[code] ?? 0) > 0, `no ${code}`);
        }
        if (layout === '3.1')
          assert.ok((warnings['unknown-offer-price'] ?? 0) > 0 && (warnings['negative-stock'] ?? 0) > 0);
      });
    }
  }

  it('makes the same bytes from the same seed, and others from another', async () => {
    const bytes = async (seed: number, name: string): Promise<string> => {
      const dir = path.join(scratch, name);
      await generateExchange(dir, { goods: 30, seed, layout: '2.04' });
      return (
        (await readFile(path.join(dir, 'import.xml'), 'utf8')) +
        (await readFile(path.join(dir, 'offers.xml'), 'utf8'))
      );
    };
    const first = await bytes(7, 'seed-a');
    assert.equal(await bytes(7, 'seed-b'), first);
    assert.notEqual(await bytes(8, 'seed-c'), first);
  });

  it('gives exactly goods × offersPerGood offers, and ids that are unique', async () => {
    const dir = path.join(scratch, 'exact');
    const truth = await generateExchange(dir, { goods: 1000, offersPerGood: 10, strays: 0, packaging: 0 });
    assert.equal(truth.offers, 10_000);
    const { warnings } = await inspectExchange(dir);
    assert.equal(warnings['duplicate-id'], undefined);
  });

  it('refuses impossible sizes', async () => {
    await assert.rejects(generateExchange(path.join(scratch, 'no'), { goods: -1 }), RangeError);
    await assert.rejects(
      generateExchange(path.join(scratch, 'no'), { goods: 1, offersPerGood: Number.NaN }),
      RangeError,
    );
  });
});
