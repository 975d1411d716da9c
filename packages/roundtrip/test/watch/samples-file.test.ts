import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { Ambiguous } from '../../src/errors.ts';
import { samplesFile } from '../../src/watch/samples-file.ts';
import { minutes, sampleAt, traffic } from './simulate.ts';

function fileOf(context: TestContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'samples-'));
  context.after(() => rmSync(folder, { recursive: true }));
  return path.join(folder, 'watch.samples.ndjson');
}

test('what was appended is read, and only its owner may', (context) => {
  const file = fileOf(context);
  const samples = minutes(0, 5, () => traffic(10));
  assert.deepEqual(samplesFile(file).read(), []);
  for (const sample of samples) samplesFile(file).append(sample);
  assert.deepEqual(samplesFile(file).read(), samples);
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test('a file cut at any byte gives the whole samples, and the next one is written behind them', (context) => {
  const file = fileOf(context);
  const samples = minutes(0, 2, () => traffic(10));
  for (const sample of samples) samplesFile(file).append(sample);
  const whole = readFileSync(file);
  for (let length = 0; length < whole.length; length++) {
    writeFileSync(file, whole.subarray(0, length));
    const kept = samplesFile(file).read();
    assert.deepEqual(kept, samples.slice(0, kept.length), `cut at ${length}`);
    const next = sampleAt(999, ...traffic(1));
    samplesFile(file).append(next);
    assert.deepEqual(samplesFile(file).read(), [...kept, next], `cut at ${length}`);
  }
});

test('a damaged line in the middle is named, not skipped', (context) => {
  const file = fileOf(context);
  samplesFile(file).append(sampleAt(0, ...traffic(1)));
  appendFileSync(file, '{"atMs":\n');
  samplesFile(file).append(sampleAt(1, ...traffic(1)));
  assert.throws(
    () => samplesFile(file).read(),
    (error) => error instanceof Ambiguous && /line 2 of/.test(error.seen),
  );
});
