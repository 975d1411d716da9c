import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { DocumentFeed } from '../../src/document/document-feed.ts';
import { CommerceMlError, type CommerceMlRecord } from '../../src/index.ts';
import { bySaxes } from '../xml/saxes-reference.ts';

const FIXTURES = path.resolve(import.meta.dirname, '../fixtures');

function readAll(bytes: Uint8Array, step: number = bytes.length, encoding?: string): CommerceMlRecord[] {
  const feed = new DocumentFeed({ file: 'f.xml', encoding });
  const records: CommerceMlRecord[] = [];
  for (let at = 0; at < bytes.length; at += step) records.push(...feed.push(bytes.subarray(at, at + step)));
  records.push(...feed.finish());
  return records;
}

function fixtures(): [string, Buffer][] {
  return readdirSync(FIXTURES, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.xml'))
    .map((name) => [name, readFileSync(path.join(FIXTURES, name))]);
}

describe('DocumentFeed', () => {
  for (const [name, bytes] of fixtures()) {
    it(`gives the same records of ${name} in any pieces`, () => {
      const whole = readAll(bytes);
      assert.ok(whole.length > 1);
      assert.deepEqual(readAll(bytes, 1), whole);
      assert.deepEqual(readAll(bytes, 7), whole);
      assert.deepEqual(
        readAll(Buffer.concat([Buffer.from('\ufeff'), bytes]), 1).map(withoutOrigin),
        whole.map(withoutOrigin),
      );
    });

    it(`refuses ${name} cut at any byte, with file and offset`, () => {
      const end =
        bytes.length - (bytes.toString('latin1').length - bytes.toString('latin1').trimEnd().length);
      for (let cut = 0; cut < bytes.length; cut += 1) {
        const part = bytes.subarray(0, cut);
        if (cut >= end) {
          assert.ok(readAll(part).length > 0, 'a cut in the trailing white space is no cut');
          assert.equal(bySaxes(part.toString('utf8')).ok, true);
          continue;
        }
        assert.throws(
          () => readAll(part),
          (error: unknown) =>
            error instanceof CommerceMlError &&
            error.file === 'f.xml' &&
            error.offset === cut &&
            (error.code === 'truncated' || error.code === 'invalid-encoding'),
          `cut at ${cut}`,
        );
      }
    });
  }

  const xml =
    '<?xml version="1.0"?>\n<КоммерческаяИнформация ВерсияСхемы="2.05"><Каталог><Товары><Товар><Ид>ё1</Ид><Наименование>Мяч — «Ё» №5</Наименование></Товар></Товары></Каталог></КоммерческаяИнформация>';
  const declared = (encoding: string): string => xml.replace('?>', ` encoding="${encoding}"?>`);
  const cp1251 = (text: string): Buffer => {
    const decoder = new TextDecoder('windows-1251');
    const table = new Map(
      Array.from({ length: 256 }, (_, byte) => [decoder.decode(Uint8Array.of(byte)), byte]),
    );
    return Buffer.from([...text].map((char) => table.get(char) ?? assert.fail(`no ${char} in windows-1251`)));
  };
  const utf16be = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();
  const encodings: [string, Buffer, number, (text: string) => Buffer][] = [
    ['UTF-8, declared', Buffer.from(declared('UTF-8')), 0, (text) => Buffer.from(text)],
    ['UTF-8, undeclared', Buffer.from(xml), 0, (text) => Buffer.from(text)],
    [
      'UTF-8 with a byte order mark',
      Buffer.from(`\ufeff${declared('utf-8')}`),
      3,
      (text) => Buffer.from(text),
    ],
    [
      'a byte order mark that contradicts the declaration',
      Buffer.from(`\ufeff${declared('windows-1251')}`),
      3,
      (text) => Buffer.from(text),
    ],
    ['windows-1251, declared', cp1251(declared('windows-1251')), 0, cp1251],
    ['windows-1251, undeclared', cp1251(xml), 0, cp1251],
    [
      'UTF-16 LE with a byte order mark',
      Buffer.from(`\ufeff${declared('UTF-16')}`, 'utf16le'),
      2,
      (text) => Buffer.from(text, 'utf16le'),
    ],
    [
      'UTF-16 LE without one',
      Buffer.from(declared('UTF-16'), 'utf16le'),
      0,
      (text) => Buffer.from(text, 'utf16le'),
    ],
    ['UTF-16 BE with a byte order mark', utf16be(`\ufeff${xml}`), 2, utf16be],
    ['UTF-16 BE without one', utf16be(xml), 0, utf16be],
  ];
  for (const [name, bytes, bom, encode] of encodings) {
    it(`reads ${name}, byte by byte too, with offsets of the original file`, () => {
      for (const step of [bytes.length, 1, 3]) {
        const good = readAll(bytes, step).find((record) => record.kind === 'good');
        assert.equal(good?.kind === 'good' ? good.name : undefined, 'Мяч — «Ё» №5');
        assert.equal(good?.kind === 'good' ? good.id : undefined, 'ё1');
        const offset = good?.origin.offset ?? -1;
        const tag = encode('<Товар>');
        assert.deepEqual(bytes.subarray(offset, offset + tag.length), tag);
        assert.ok(offset > bom);
      }
    });

    it(`refuses ${name} cut at any byte`, () => {
      for (let cut = 0; cut < bytes.length; cut += 1) {
        assert.throws(() => readAll(bytes.subarray(0, cut)), CommerceMlError, `cut at ${cut}`);
      }
    });
  }

  it('counts a surrogate pair of UTF-16 as four bytes', () => {
    const bytes = Buffer.from(
      `\ufeff${xml.replace('<Товары>', '<Наименование>\u{1F6F4}\u{1F3BD}</Наименование><Товары>')}`,
      'utf16le',
    );
    for (const step of [bytes.length, 1]) {
      const offset = readAll(bytes, step).find(({ kind }) => kind === 'good')?.origin.offset ?? -1;
      assert.equal(bytes.toString('utf16le', offset, offset + 14), '<Товар>');
    }
  });

  const refused: [string, Buffer, string][] = [
    ['windows-1251 that says it is UTF-8', cp1251(declared('UTF-8')), 'invalid-encoding'],
    ['UTF-16 declared over ASCII bytes', Buffer.from(declared('UTF-16')), 'unsupported-encoding'],
    ['an encoding nobody knows', Buffer.from(declared('x-mac')), 'unsupported-encoding'],
    ['a code page that does not exist', Buffer.from(declared('windows-1259')), 'unsupported-encoding'],
    ['a part of ISO 8859 that was given up', Buffer.from(declared('ISO-8859-12')), 'unsupported-encoding'],
    ['half a surrogate pair', Buffer.from(`\ufeff<a>\ud83d!</a>`, 'utf16le'), 'invalid-encoding'],
    ['another root', Buffer.from('<yml_catalog/>'), 'not-commerceml'],
    ['nothing', Buffer.alloc(0), 'truncated'],
    [
      'an HTML login page',
      Buffer.from('<!DOCTYPE html><html><head><meta charset="utf-8"></head></html>'),
      'not-commerceml',
    ],
    [
      'a 0x98 in windows-1251',
      Buffer.concat([
        cp1251(declared('windows-1251').replace('</Товары>', '')).subarray(0, 120),
        Buffer.from([0x98]),
      ]),
      'invalid-encoding',
    ],
  ];
  for (const [name, bytes, code] of refused) {
    it(`refuses ${name}`, () => {
      assert.throws(() => readAll(bytes), { name: 'CommerceMlError', code });
      assert.throws(() => readAll(bytes, 1), { name: 'CommerceMlError', code });
    });
  }

  it('knows every single-byte encoding that it says it knows', () => {
    const pages = [0, 1, 2, 3, 4, 5, 6, 7, 8].flatMap((n) => [`windows-125${n}`, `cp125${n}`, `win125${n}`]);
    const parts = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16].flatMap((n) => [
      `ISO-8859-${n}`,
      `iso8859-${n}`,
    ]);
    for (const name of [...pages, ...parts, 'KOI8-R', 'koi8-u', 'cp866', 'CP-866', 'IBM866']) {
      const xml = `<?xml version="1.0" encoding="${name}"?><a/>`;
      assert.throws(() => readAll(Buffer.from(xml)), { code: 'not-commerceml' }, name);
    }
  });

  it('keeps nothing of a section that it skips, in an encoding that it converts', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const feed = new DocumentFeed({ file: 'orders.xml' });
    feed.push(cp1251('<?xml version="1.0" encoding="windows-1251"?><КоммерческаяИнформация><Документ>'));
    const rows = cp1251('<Товар><Ид>заказ</Ид><Сумма>100500</Сумма></Товар>\n'.repeat(20_000));
    feed.push(rows);
    const held = (): number => process.memoryUsage().arrayBuffers;
    collectGarbage();
    const before = held();
    for (let i = 0; i < 16; i += 1) feed.push(rows);
    // Buffers are freed beside the collection, so it may take a few.
    const most = before + rows.length * 8;
    for (let tries = 0; held() > most && tries < 100; tries += 1) {
      collectGarbage();
      await nextTurn();
    }
    assert.ok(held() <= most, `${held() - before} bytes more for ${rows.length * 16}`);
  });

  it('says that a file is UTF-8 where its declaration says otherwise', () => {
    const lying = Buffer.from(declared('windows-1251'));
    assert.throws(() => readAll(lying), { code: 'invalid-encoding', message: /bytes are UTF-8/ });
  });

  it('lets an option overrule a lying declaration', () => {
    const good = readAll(cp1251(declared('UTF-8')), 5, 'windows-1251').find(
      (record) => record.kind === 'good',
    );
    assert.equal(good?.kind === 'good' ? good.id : undefined, 'ё1');
  });
});

function withoutOrigin({ origin, ...rest }: CommerceMlRecord): object {
  return { ...rest, file: origin.file };
}
