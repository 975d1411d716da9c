import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { newestSamples, samplesTail } from '../../src/dashboard/server/samples-tail.ts';
import { Ambiguous } from '../../src/errors.ts';
import { minutes, traffic } from '../watch/simulate.ts';

const SAMPLES = minutes(0, 3, () => traffic(10));
const TEXT = SAMPLES.map((sample) => `${JSON.stringify(sample)}\n`).join('');

function folderOf(context: TestContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'samples-tail-'));
  context.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test('a sample is given once, when its line is whole, wherever the writer has stopped', (context) => {
  const file = path.join(folderOf(context), 'watch.samples.ndjson');
  for (let cut = 0; cut <= TEXT.length; cut += 1) {
    writeFileSync(file, TEXT.slice(0, cut));
    const tail = samplesTail(file);
    const first = tail.next();
    assert.deepEqual(tail.next(), [], `cut at ${cut}`);
    appendFileSync(file, TEXT.slice(cut));
    assert.deepEqual([...first, ...tail.next()], SAMPLES, `cut at ${cut}`);
    assert.equal(readFileSync(file, 'utf8'), TEXT, 'nothing of it is touched');
  }
});

test('goes on where a watch has cut off a torn line and written another one', (context) => {
  const file = path.join(folderOf(context), 'watch.samples.ndjson');
  const [line = ''] = TEXT.split('\n');
  writeFileSync(file, `${line}\n{"atMs":`);
  const tail = samplesTail(file);
  assert.deepEqual(tail.next(), SAMPLES.slice(0, 1));
  writeFileSync(file, `${line}\n`);
  assert.deepEqual(tail.next(), []);
  appendFileSync(file, TEXT.slice(line.length + 1));
  assert.deepEqual(tail.next(), SAMPLES.slice(1));
});

test('a whole line that is no sample is named, at every look', (context) => {
  const file = path.join(folderOf(context), 'watch.samples.ndjson');
  writeFileSync(file, `${TEXT}{"atMs":\n`);
  const tail = samplesTail(file);
  for (const look of ['first', 'second', 'after more'])
    assert.throws(
      () => {
        if (look === 'after more') appendFileSync(file, TEXT);
        tail.next();
      },
      (error) =>
        error instanceof Ambiguous && error.code === 'watch-samples-damaged' && /"atMs":/.test(error.seen),
      look,
    );
});

test('the newest attempt of a step has the samples that count', (context) => {
  const folder = folderOf(context);
  assert.equal(newestSamples(path.join(folder, 'nowhere'), 'watch'), undefined);
  assert.equal(newestSamples(folder, 'watch'), undefined);
  for (const name of [
    'watch.samples.ndjson',
    'watch.9.samples.ndjson',
    'watch.10.samples.ndjson',
    'watch-b.11.samples.ndjson',
  ])
    writeFileSync(path.join(folder, name), '');
  assert.equal(newestSamples(folder, 'watch'), path.join(folder, 'watch.10.samples.ndjson'));
});
