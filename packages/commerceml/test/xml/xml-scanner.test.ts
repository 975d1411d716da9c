import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { TEXT_WANTED, XmlScanner } from '../../src/xml/xml-scanner.ts';
import { CORPUS } from './conformance-corpus.ts';
import { bySaxes, byScanner } from './saxes-reference.ts';

describe('XmlScanner beside saxes', () => {
  for (const xml of CORPUS) {
    it(`agrees on ${JSON.stringify(xml)}`, () => {
      const expected = bySaxes(xml);
      const bytes = Buffer.from(xml, 'utf8');
      assert.deepEqual(byScanner(bytes), expected);
      assert.deepEqual(byScanner(bytes, 1), expected, 'one byte at a time');
      assert.deepEqual(byScanner(bytes, 3), expected, 'three bytes at a time');
    });
  }

  it('agrees at every cut of a document that uses everything', () => {
    const xml =
      '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE а [<!-- c -->]>\n<!-- x -->\n<а б="1&amp;2" в=\'"\'>\n\t<Ид>ё&#1071;</Ид><?p q?><![CDATA[<z>]]><в/>\r\n\u{1F600}</а>\n<!-- end -->\n';
    const bytes = Buffer.from(xml, 'utf8');
    let accepted = 0;
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const part = bytes.subarray(0, cut);
      // A cut inside a character is no string, hence nothing that saxes could judge: it must be an error.
      const text = part.toString('utf8');
      const whole = Buffer.from(text, 'utf8').equals(part);
      const expected = whole ? bySaxes(text) : { ok: false };
      assert.equal(byScanner(part).ok, expected.ok, `cut at ${cut}`);
      assert.equal(byScanner(part, 1).ok, expected.ok, `cut at ${cut}, byte by byte`);
      if (expected.ok) accepted += 1;
    }
    // Only in the white space and after the comment behind the root element.
    assert.equal(accepted, 4);
  });

  it('agrees on generated documents, in random pieces', () => {
    fc.assert(
      fc.property(documents(), fc.integer({ min: 1, max: 40 }), (xml, step) => {
        const expected = bySaxes(xml);
        const bytes = Buffer.from(xml, 'utf8');
        assert.deepEqual(byScanner(bytes), expected);
        assert.deepEqual(byScanner(bytes, step), expected);
      }),
      { numRuns: 1500 },
    );
  });

  it('agrees on records that repeat, where it guesses names and texts', () => {
    const leaf = fc.tuple(
      fc.constantFrom('Ид', 'Валюта', 'Склад', 'a'),
      fc.constantFrom(
        '',
        'руб',
        'рубль',
        'рубл',
        'RUB',
        '37c47a93-e1b8-11ec-a301-04421a23d8e8',
        '37c47a93-e1b8-11ec-a301-04421a23d8e9',
        'x',
        'руб&amp;',
        'руб<!-- c -->',
        '<![CDATA[руб]]>',
        'руб\n',
      ),
    );
    const record = fc.array(leaf, { maxLength: 5 }).map((leaves) => {
      const children = leaves.map(([name, text]) =>
        text === '' ? `<${name}/>` : `<${name}>${text}</${name}>`,
      );
      return `<Цена>\n\t${children.join('\n\t')}</Цена>`;
    });
    fc.assert(
      fc.property(
        fc.array(record, { minLength: 3, maxLength: 12 }),
        fc.integer({ min: 1, max: 90 }),
        (records, step) => {
          const xml = `<Цены>${records.join('')}${records.join('')}</Цены>`;
          const expected = bySaxes(xml);
          assert.equal(expected.ok, true);
          assert.deepEqual(byScanner(Buffer.from(xml)), expected);
          assert.deepEqual(byScanner(Buffer.from(xml), step), expected);
        },
      ),
      { numRuns: 1500 },
    );
  });

  it('agrees on random strings of markup', () => {
    const token = fc.constantFrom(
      '<',
      '>',
      '/',
      'a',
      'б',
      '=',
      '"',
      "'",
      ' ',
      '&',
      ';',
      '#',
      'x',
      '1',
      '!',
      '-',
      '--',
      '[',
      ']',
      ']]>',
      '<![CDATA[',
      '<!--',
      '-->',
      '<?',
      '?>',
      '<a>',
      '</a>',
      '\n',
      'xml',
      '&amp;',
    );
    fc.assert(
      fc.property(fc.array(token, { maxLength: 24 }), (tokens) => {
        const xml = `<a>${tokens.join('')}</a>`;
        const expected = bySaxes(xml);
        assert.deepEqual(byScanner(Buffer.from(xml, 'utf8')), expected);
        assert.deepEqual(byScanner(Buffer.from(xml, 'utf8'), 1), expected);
      }),
      { numRuns: 8000 },
    );
  });

  it('agrees on mutated documents', () => {
    fc.assert(
      fc.property(
        documents().filter((xml) => !xml.includes('DOCTYPE')),
        fc.nat(),
        fc.constantFrom('<', '>', '&', '"', 'x', ' ', ']]>', '\u0001', '\uffff', ''),
        (xml, seed, insert) => {
          const at = seed % (xml.length + 1);
          const mutated = (
            xml.slice(0, at) +
            insert +
            xml.slice(at + (insert === '' ? 1 : 0))
          ).toWellFormed();
          assert.deepEqual(byScanner(Buffer.from(mutated, 'utf8')), bySaxes(mutated), mutated);
        },
      ),
      { numRuns: 3000 },
    );
  });
});

describe('XmlScanner by itself', () => {
  const scan = (bytes: Uint8Array): void => {
    const scanner = new XmlScanner({ onStart: () => TEXT_WANTED, onEnd: () => {} });
    scanner.write(bytes);
    scanner.end();
  };

  it('names the byte that is not UTF-8', () => {
    for (const bad of [
      [0xff],
      [0xc0, 0xaf],
      [0xed, 0xa0, 0x80],
      [0xf4, 0x90, 0x80, 0x80],
      [0xd0, 0x20],
      [0x80],
    ]) {
      for (const before of [0, 1, 7, 8, 9, 100, 5000]) {
        const text = Buffer.from(`<a>${'я'.repeat(before)}`);
        const bytes = Buffer.concat([text, Buffer.from(bad), Buffer.from('</a>')]);
        assert.throws(
          () => scan(bytes),
          { code: 'invalid-encoding', offset: text.length },
          `${bad} after ${before}`,
        );
      }
    }
  });

  it('expands no entity of a DOCTYPE, whatever it promises', () => {
    const bomb =
      '<!DOCTYPE a [<!ENTITY b "xxxxxxxxxx"><!ENTITY c "&b;&b;&b;"><!ENTITY d SYSTEM "file:///etc/passwd">]><a>&c;</a>';
    assert.throws(() => scan(Buffer.from(bomb)), { code: 'undefined-entity', offset: bomb.indexOf('&c;<') });
  });

  it('wants white space after DOCTYPE, as XML 1.0 §2.8 does and saxes does not', () => {
    assert.equal(bySaxes('<!DOCTYPEa><a/>').ok, true);
    assert.throws(() => scan(Buffer.from('<!DOCTYPEa><a/>')), { code: 'malformed', offset: 0 });
  });

  it('reads a long text in small pieces without beginning it anew with each', () => {
    const length = 40_000_000;
    const piece = Buffer.alloc(1_000, 'x');
    let seen = 0;
    const scanner = new XmlScanner({
      onStart: () => TEXT_WANTED,
      onEnd: (_name, text) => {
        seen = text.length;
      },
    });
    scanner.write(Buffer.from('<a>'));
    // Begun anew each time this would read 800 GB.
    for (let at = 0; at < length; at += piece.length) scanner.write(piece);
    scanner.write(Buffer.from('</a>'));
    scanner.end();
    assert.equal(seen, length);
  });

  it('bounds the depth', () => {
    assert.throws(() => scan(Buffer.from('<a>'.repeat(2000))), { code: 'limit-exceeded' });
  });

  it('bounds the number of attributes', () => {
    const many = Array.from({ length: 400 }, (_, i) => ` a${i}=""`).join('');
    assert.throws(() => scan(Buffer.from(`<a${many}/>`)), { code: 'limit-exceeded' });
  });

  it('keeps its names right beyond the size of the name table', () => {
    const children = Array.from({ length: 6000 }, (_, i) => `<n${i} a${i}="${i}"></n${i}>`).join('');
    const xml = `<a>${children}${children}</a>`;
    assert.deepEqual(byScanner(Buffer.from(xml), 1000), bySaxes(xml));
  });

  it('reads a text much longer than its window', () => {
    const text = 'длинный текст '.repeat(200_000);
    const outcome = byScanner(Buffer.from(`<a>${text}</a>`), 65_536);
    assert.deepEqual(outcome, { ok: true, events: ['<a []', `>a ${JSON.stringify(text)}`] });
  });
});

/** Documents out of all constructs, mostly well-formed. */
function documents(): fc.Arbitrary<string> {
  const name = fc.constantFrom('a', 'Ид', 'Товар', 'b-c', 'x:y', '_z', 'ХарактеристикаТовара');
  const text = fc.oneof(
    fc
      .string({ unit: 'grapheme', maxLength: 12 })
      .map((s) => s.toWellFormed().replace(/[<&]/g, '').replace(/\]\]>/g, '')),
    fc.constantFrom('&amp;', '&#x2028;', '&lt;', '\r\n', '\t', ' ', ']]', '>', '\u00a0', '&#13;'),
  );
  const value = fc
    .tuple(fc.constantFrom('"', "'"), text)
    .map(([quote, content]) => `${quote}${content.replaceAll(quote, '')}${quote}`);
  const attributes = fc
    .uniqueArray(fc.tuple(name, value), { selector: ([key]) => key, maxLength: 4 })
    .map((list) => list.map(([key, quoted]) => ` ${key}=${quoted}`).join(''));
  const { element } = fc.letrec<{ element: string; content: string }>((tie) => ({
    element: fc
      .tuple(name, attributes, tie('content'))
      .map(([tag, list, content]) =>
        content === '' ? `<${tag}${list}/>` : `<${tag}${list}>${content}</${tag}>`,
      ),
    content: fc.oneof(
      { maxDepth: 4 },
      text,
      fc.constantFrom('<!-- c -->', '<?p d?>', '<![CDATA[<&]]>', ''),
      fc.array(tie('element'), { maxLength: 3 }).map((list) => list.join('\n\t')),
      fc.tuple(text, tie('element'), text).map((list) => list.join('')),
    ),
  }));
  const prolog = fc.constantFrom(
    '',
    '<?xml version="1.0" encoding="UTF-8"?>\n',
    '<!DOCTYPE a>',
    '<!-- p -->\n',
  );
  return fc.tuple(prolog, element, fc.constantFrom('', '\n', '<!-- e -->')).map((parts) => parts.join(''));
}
