/** The reference for well-formedness: saxes, and our scanner made to give the same events. */
import assert from 'node:assert/strict';
import { SaxesParser } from 'saxes';
import {
  TEXT_IGNORED,
  TEXT_REPEATED,
  TEXT_WANTED,
  type TextMode,
  XmlScanner,
} from '../../src/xml/xml-scanner.ts';

/** Events in order, or the fact that the document is not well-formed. */
export type Outcome = { readonly ok: true; readonly events: readonly string[] } | { readonly ok: false };

/** What saxes says. Its text is merged per element, as ours is: the element's own text at its end. */
export function bySaxes(xml: string): Outcome {
  const events: string[] = [];
  const texts: string[] = [''];
  const parser = new SaxesParser({
    xmlns: false,
    forceXMLVersion: true,
    defaultXMLVersion: '1.0',
    position: false,
  });
  let bad = false;
  parser.on('error', () => {
    bad = true;
  });
  parser.on('opentag', (tag) => {
    events.push(`<${tag.name} ${JSON.stringify(Object.entries(tag.attributes))}`);
    texts.push('');
  });
  parser.on('text', (text) => append(texts, text));
  parser.on('cdata', (text) => append(texts, text));
  parser.on('closetag', (tag) => {
    events.push(`>${tag.name} ${JSON.stringify(texts.pop())}`);
  });
  parser.write(xml.startsWith('\ufeff') ? xml.slice(1) : xml).close();
  return bad ? { ok: false } : { ok: true, events };
}

function append(texts: string[], text: string): void {
  texts[texts.length - 1] += text;
}

/** What our scanner says, fed in pieces of `step` bytes; both ways of decoding must agree. */
export function byScanner(bytes: Uint8Array, step: number = bytes.length): Outcome {
  const wanted = scan(bytes, step, TEXT_WANTED);
  assert.deepEqual(scan(bytes, step, TEXT_REPEATED), wanted, 'with the cache of repeated texts');
  // Texts that nobody wants are checked all the same.
  assert.equal(scan(bytes, step, TEXT_IGNORED).ok, wanted.ok, 'with texts ignored');
  return wanted;
}

function scan(bytes: Uint8Array, step: number, mode: TextMode): Outcome {
  const events: string[] = [];
  const scanner: XmlScanner = new XmlScanner({
    onStart: (name) => {
      events.push(`<${name.qname} ${JSON.stringify(scanner.attributes.entries())}`);
      return mode;
    },
    onEnd: (name, text) => {
      events.push(`>${name.qname} ${JSON.stringify(text)}`);
    },
  });
  try {
    for (let at = 0; at < bytes.length; at += Math.max(1, step))
      scanner.write(bytes.subarray(at, at + Math.max(1, step)));
    scanner.end();
  } catch (error) {
    if (error instanceof Error && error.name === 'XmlSyntaxError') return { ok: false };
    throw error;
  }
  return { ok: true, events };
}
