/** Exchanges made up here, in all the shapes that 1C writes, against figures that are computed from the model. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { zipFiles } from '../../src/exchange/zip-files.ts';
import {
  type CommerceMlRecord,
  type GoodRecord,
  type GroupRecord,
  inspectExchange,
  readExchange,
} from '../../src/index.ts';
import { madeExchange, madeStyle } from './made-arbitrary.ts';
import { expectedSummary, type MadeExchange, type MadeGroup } from './made-exchange.ts';
import { inMemory, type MadeStyle, madeFiles, PLAIN } from './made-files.ts';
import { makeZip } from './make-zip.ts';

const CLI = path.resolve(import.meta.dirname, '../../bin/commerceml.ts');

/** A chain of groups, one in another. */
function chain(depth: number): MadeGroup[] {
  if (depth === 0) return [];
  return [{ id: `d${depth}`, name: `Группа ${depth}`, children: chain(depth - 1) }];
}

async function agrees(exchange: MadeExchange, style: MadeStyle): Promise<void> {
  const summary = await inspectExchange(inMemory(madeFiles(exchange, style)));
  assert.deepEqual(agreed(summary, exchange), expectedSummary(exchange));
}

function agreed(summary: object, exchange: MadeExchange): Record<string, unknown> {
  const names = Object.keys(expectedSummary(exchange));
  return Object.fromEntries(names.map((name) => [name, (summary as Record<string, unknown>)[name]]));
}

async function texts(exchange: MadeExchange, style: MadeStyle): Promise<unknown[]> {
  const seen: unknown[] = [];
  for await (const record of readExchange(inMemory(madeFiles(exchange, style)))) {
    const { origin: _origin, ...rest } = record as CommerceMlRecord;
    if (rest.kind === 'good' || rest.kind === 'offer' || rest.kind === 'group') seen.push(rest);
  }
  return seen;
}

describe('a made exchange', () => {
  it('is inspected as it was made, however it is written', async () => {
    await fc.assert(fc.asyncProperty(madeExchange, madeStyle, agrees), { seed: 1124, numRuns: 400 });
  });

  it('gives the same goods, offers and groups however it is written', async () => {
    await fc.assert(
      fc.asyncProperty(madeExchange, madeStyle, async (exchange, style) => {
        const plain = { ...PLAIN, layout: style.layout, portion: style.portion };
        assert.deepEqual(await texts(exchange, style), await texts(exchange, plain));
      }),
      { seed: 1125, numRuns: 200 },
    );
  });

  it('counts every row of records that come twice', async () => {
    await fc.assert(
      fc.asyncProperty(madeExchange, madeStyle, async (exchange, style) => {
        const { goods = [], offers = [] } = exchange;
        const twice = {
          ...exchange,
          goods: [...goods, ...goods.slice(0, 2)],
          offers: [...offers, ...offers],
        };
        await agrees(twice, style);
      }),
      { seed: 1127, numRuns: 100 },
    );
  });

  it('may be nothing but a classifier, an empty catalogue or changed prices', async () => {
    const classifier: MadeExchange = {
      schema: '2.07',
      groups: chain(12),
      properties: [{ id: 'p', name: 'Цвет' }],
    };
    const prices: MadeExchange = {
      schema: '3.1',
      changesOnly: true,
      figures: [{ id: 'g1#c', prices: [['t', ['1\u00a0234,50', '1234.50']]] }],
    };
    for (const exchange of [classifier, { schema: '2.10' } as const, prices]) await agrees(exchange, PLAIN);
    const { warnings } = await inspectExchange(inMemory(madeFiles(prices, PLAIN)));
    assert.deepEqual(warnings, { 'decimal-comma': 1, 'unknown-offer-price': 1, 'unknown-price-type': 1 });
  });

  it('keeps a tree of twelve levels and a description of 10 kB as they are', async () => {
    const description = '<p>Мяч & «сетка» 🏀\n</p>'.repeat(450);
    const exchange: MadeExchange = {
      schema: '2.05',
      groups: chain(12),
      goods: [{ id: 'g', name: 'Мяч', description, groups: ['d1', 'd12'] }],
    };
    const styles = ['escaped', 'references', 'cdata'] as const;
    for (const text of styles) {
      const seen = await texts(exchange, { ...PLAIN, text, encoding: 'windows-1251', noise: true });
      const groups = seen.filter((record) => (record as CommerceMlRecord).kind === 'group') as GroupRecord[];
      assert.deepEqual(
        groups.map(({ id, parentId, depth }) => [id, parentId, depth]),
        groups.map((_, index) => [`d${12 - index}`, index === 0 ? undefined : `d${13 - index}`, index + 1]),
      );
      const good = seen.find((record) => (record as CommerceMlRecord).kind === 'good') as GoodRecord;
      assert.deepEqual([good.description, good.groupIds], [description, ['d1', 'd12']]);
    }
  });

  it('is inspected by the command in a folder as it is in memory', () => {
    const [exchange] = fc.sample(madeExchange, { seed: 1128, numRuns: 1 });
    assert.ok(exchange !== undefined);
    const folder = mkdtempSync(path.join(tmpdir(), 'commerceml-made-'));
    try {
      const style: MadeStyle = {
        ...PLAIN,
        layout: 'folders',
        encoding: 'utf-16le',
        namespace: 'prefix',
        noise: true,
      };
      for (const [name, content] of madeFiles(exchange, style)) {
        mkdirSync(path.join(folder, path.dirname(name)), { recursive: true });
        writeFileSync(path.join(folder, name), content);
      }
      const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, 'inspect', folder, '--json'], {
        encoding: 'utf8',
        timeout: 120_000,
      });
      assert.equal(status, 0, stderr);
      assert.deepEqual(agreed(JSON.parse(stdout), exchange), expectedSummary(exchange));
      assert.ok(Number(expectedSummary(exchange).goods) > 0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('is read out of an archive', async () => {
    await fc.assert(
      fc.asyncProperty(madeExchange, madeStyle, async (exchange, style) => {
        const zip = makeZip([...madeFiles(exchange, style)]);
        const summary = await inspectExchange({ files: await zipFiles(zip, 'v8.zip') });
        assert.deepEqual(agreed(summary, exchange), expectedSummary(exchange));
      }),
      { seed: 1126, numRuns: 60 },
    );
  });
});
