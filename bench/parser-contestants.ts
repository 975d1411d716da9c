/**
 * Each contestant reads the same files with the same chunks and counts what it saw. The general parsers only
 * tokenise (their handlers count start tags), which is the least that any reader built on them must do; ours and
 * `commerceml-parser` make typed records.
 */
import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { readExchangeBatches } from 'commerceml';
import { CommerceMlOffersParser } from 'commerceml-parser/dist/offers-parser.js';
import { XMLParser } from 'fast-xml-parser';
import { Parser } from 'htmlparser2';
import { SAXParser, SaxEventType, type Tag } from 'sax-wasm';
import { SaxesParser } from 'saxes';
import { NODE_EXPAT_PARENT } from './install-node-expat.ts';

/** Rows that a contestant saw: all must agree. */
export interface SeenRows {
  readonly offers: number;
  readonly prices: number;
}

/** One parser. */
export interface Contestant {
  readonly name: string;
  /** `typed` makes records, `tokens` only events or trees, `native` is no Node program. */
  readonly kind: 'typed' | 'tokens' | 'native';
  /** Whether it is too slow for the large files. */
  readonly slow?: boolean;
  readonly read: (files: readonly string[]) => Promise<SeenRows | undefined>;
}

const CHUNK_BYTES = 256 * 1024;

async function* chunks(file: string): AsyncGenerator<Buffer> {
  const handle = await open(file, 'r');
  try {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES, null);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

async function* texts(file: string): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const chunk of chunks(file)) yield decoder.decode(chunk, { stream: true });
}

/** Counts the start tags that are rows. */
class RowCounter {
  offers = 0;
  prices = 0;
  start = (name: string): void => {
    if (name === 'Цена') this.prices += 1;
    else if (name === 'Предложение') this.offers += 1;
  };
}

async function readOurs(files: readonly string[]): Promise<SeenRows> {
  let prices = 0;
  let offers = 0;
  let priced = '';
  for await (const records of readExchangeBatches({ files }, { crossChecks: false, valueWarnings: false })) {
    for (const record of records) {
      if (record.kind === 'offer') offers += 1;
      else if (record.kind === 'price') {
        prices += 1;
        // The 3.1 prices file repeats each key in a Предложение of its own, which general parsers count.
        if (record.offerId !== priced && record.origin.file.startsWith('prices')) offers += 1;
        priced = record.offerId;
      }
    }
  }
  return { offers, prices };
}

async function readSaxes(files: readonly string[]): Promise<SeenRows> {
  const rows = new RowCounter();
  for (const file of files) {
    const parser = new SaxesParser({ position: false });
    parser.on('error', (error) => {
      throw error;
    });
    parser.on('opentag', ({ name }) => rows.start(name));
    for await (const text of texts(file)) parser.write(text);
    parser.close();
  }
  return rows;
}

async function readHtmlparser2(files: readonly string[]): Promise<SeenRows> {
  const rows = new RowCounter();
  for (const file of files) {
    const parser = new Parser({ onopentagname: rows.start }, { xmlMode: true });
    for await (const text of texts(file)) parser.write(text);
    parser.end();
  }
  return rows;
}

async function readSaxWasm(files: readonly string[]): Promise<SeenRows> {
  const wasm = await readFile(createRequire(import.meta.url).resolve('sax-wasm/lib/sax-wasm.wasm'));
  const rows = new RowCounter();
  for (const file of files) {
    const parser = new SAXParser(SaxEventType.OpenTag);
    parser.eventHandler = (_event, tag) => rows.start((tag as Tag).name);
    await parser.prepareWasm(wasm);
    for await (const chunk of chunks(file)) parser.write(chunk);
    parser.end();
  }
  return rows;
}

interface Expat {
  on(event: 'startElement', listener: (name: string) => void): void;
  write(chunk: Buffer): boolean;
  end(): void;
}

async function readNodeExpat(files: readonly string[]): Promise<SeenRows> {
  const expat = createRequire(NODE_EXPAT_PARENT)('node-expat') as { Parser: new (encoding: string) => Expat };
  const rows = new RowCounter();
  for (const file of files) {
    const parser = new expat.Parser('UTF-8');
    parser.on('startElement', rows.start);
    for await (const chunk of chunks(file)) parser.write(chunk);
    parser.end();
  }
  return rows;
}

async function readFastXmlParser(files: readonly string[]): Promise<SeenRows> {
  const rows = { offers: 0, prices: 0 };
  for (const file of files) {
    const tree = new XMLParser({ ignoreAttributes: false }).parse(await readFile(file));
    const list = list1(tree?.КоммерческаяИнформация?.ПакетПредложений?.Предложения?.Предложение);
    rows.offers += list.length;
    for (const offer of list) rows.prices += list1(offer.Цены?.Цена).length;
  }
  return rows;
}

/** fast-xml-parser gives a single child as an object and several as an array. */
function list1(value: unknown): Record<string, Record<string, unknown>>[] {
  return value === undefined
    ? []
    : ((Array.isArray(value) ? value : [value]) as Record<string, Record<string, unknown>>[]);
}

async function readCommercemlParser(files: readonly string[]): Promise<SeenRows> {
  const rows = { offers: 0, prices: 0 };
  for (const file of files) {
    const parser = new CommerceMlOffersParser();
    parser.onOffer((offer: { prices?: readonly unknown[] }) => {
      rows.offers += 1;
      rows.prices += offer.prices?.length ?? 0;
    });
    await parser.parse(createReadStream(file, { highWaterMark: CHUNK_BYTES }));
  }
  return rows;
}

/** Wall-clock time of a process of its own, start included: it only checks, and counts nothing. */
async function readXmllint(files: readonly string[]): Promise<undefined> {
  for (const file of files) {
    await new Promise<void>((resolve, reject) => {
      const child = spawn('xmllint', ['--stream', '--noout', '--huge', file], {
        stdio: 'ignore',
        timeout: 300_000,
      });
      child.once('error', reject);
      child.once('close', (code) =>
        code === 0 ? resolve() : reject(new Error(`xmllint ended with ${code}`)),
      );
    });
  }
}

/** All parsers; ours comes first. */
export const CONTESTANTS: readonly Contestant[] = [
  { name: 'commerceml (this)', kind: 'typed', read: readOurs },
  { name: 'saxes', kind: 'tokens', read: readSaxes },
  { name: 'htmlparser2', kind: 'tokens', read: readHtmlparser2 },
  { name: 'sax-wasm', kind: 'tokens', read: readSaxWasm },
  { name: 'node-expat', kind: 'tokens', slow: true, read: readNodeExpat },
  { name: 'fast-xml-parser', kind: 'tokens', slow: true, read: readFastXmlParser },
  { name: 'commerceml-parser', kind: 'typed', slow: true, read: readCommercemlParser },
  { name: 'xmllint --stream', kind: 'native', read: readXmllint },
];
