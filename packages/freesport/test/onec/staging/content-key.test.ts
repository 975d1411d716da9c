import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ContentKeys } from '../../../src/onec/staging/content-key.ts';

const CONTENT = Buffer.alloc(600 * 1024, 'Товар');

describe('the key of a content', () => {
  it('is the same in pieces of any size', async () => {
    const whole = await keyOf(CONTENT, CONTENT.length);
    for (const size of [1_000, 256 * 1024, 300 * 1024]) assert.equal(await keyOf(CONTENT, size), whole);
  });

  it('is another one where a single bit differs', async () => {
    const changed = Buffer.from(CONTENT);
    changed[400_000] = (changed[400_000] ?? 0) ^ 1;
    assert.notEqual(await keyOf(changed, 1_000), await keyOf(CONTENT, 1_000));
  });
});

async function keyOf(content: Buffer, pieceBytes: number): Promise<string | undefined> {
  const keys = new ContentKeys();
  const file = keys.watch({
    name: 'goods.xml',
    bytes: content.length,
    chunks: async function* () {
      for (let at = 0; at < content.length; at += pieceBytes) yield content.subarray(at, at + pieceBytes);
    },
  });
  for await (const _ of file.chunks());
  return keys.files['goods.xml'];
}
