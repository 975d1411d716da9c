import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { followFile, type RotatingFile } from '../../../src/watch/probes/rotating-file.ts';

function logOf(context: TestContext, content = ''): { readonly file: string; readonly log: RotatingFile } {
  const folder = mkdtempSync(path.join(tmpdir(), 'rotating-'));
  const file = path.join(folder, 'access.log');
  writeFileSync(file, content);
  const log = followFile(file);
  context.after(async () => {
    await log.close();
    rmSync(folder, { recursive: true });
  });
  return { file, log };
}

test('begins at the end and reads what is added', async (context) => {
  const { file, log } = logOf(context, 'before\n');
  assert.deepEqual(await log.newLines(), []);
  appendFileSync(file, 'a\nb\n');
  assert.deepEqual(await log.newLines(), ['a', 'b']);
  assert.deepEqual(await log.newLines(), []);
});

test('a line counts once, when it is whole', async (context) => {
  const { file, log } = logOf(context);
  await log.newLines();
  const line = Buffer.from('кириллица\n');
  for (const byte of line) {
    assert.deepEqual(await log.newLines(), []);
    appendFileSync(file, Buffer.from([byte]));
  }
  assert.deepEqual(await log.newLines(), ['кириллица']);
});

test('a rename loses nothing: neither the end of the old file, nor what its writer still adds, nor the new one', async (context) => {
  const { file, log } = logOf(context);
  await log.newLines();
  appendFileSync(file, '1\n');
  assert.deepEqual(await log.newLines(), ['1']);
  appendFileSync(file, '2\n');
  renameSync(file, `${file}.1`);
  appendFileSync(`${file}.1`, '3\n');
  assert.deepEqual(await log.newLines(), ['2', '3'], 'no new file yet');
  appendFileSync(`${file}.1`, '4\n');
  writeFileSync(file, '5\n');
  assert.deepEqual(await log.newLines(), ['4', '5']);
  appendFileSync(`${file}.1`, '6\n');
  appendFileSync(file, '7\n');
  assert.deepEqual(await log.newLines(), ['6', '7'], 'the writer reopened late');
  appendFileSync(file, '8\n');
  assert.deepEqual(await log.newLines(), ['8']);
});

test('a truncated copy begins again', async (context) => {
  const { file, log } = logOf(context);
  await log.newLines();
  appendFileSync(file, 'one\ntwo\nthr');
  assert.deepEqual(await log.newLines(), ['one', 'two']);
  truncateSync(file, 0);
  appendFileSync(file, 'x\n');
  assert.deepEqual(await log.newLines(), ['x']);
});

test('a file that was never there is an error, and is read once it is', async (context) => {
  const { file, log } = logOf(context);
  rmSync(file);
  await assert.rejects(log.newLines(), /ENOENT/);
  writeFileSync(file, 'old\n');
  assert.deepEqual(await log.newLines(), []);
  appendFileSync(file, 'new\n');
  assert.deepEqual(await log.newLines(), ['new']);
});

test('every line arrives once and in order, however it is written, read and rotated', async (context) => {
  const steps = fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constant('write') },
      { weight: 3, arbitrary: fc.constant('read') },
      { weight: 1, arbitrary: fc.constant('rotate') },
    ),
    { maxLength: 60 },
  );
  await fc.assert(
    fc.asyncProperty(steps, async (script) => {
      const { file, log } = logOf(context);
      await log.newLines();
      const written: string[] = [];
      const read: string[] = [];
      for (const [index, step] of script.entries()) {
        if (step === 'write') {
          written.push(`line ${index}`);
          appendFileSync(file, `line ${index}\n`);
        } else {
          read.push(...(await log.newLines()));
          if (step !== 'rotate') continue;
          // At most one rotation between two readings is what is promised.
          renameSync(file, `${file}.${index}`);
          writeFileSync(file, '');
          read.push(...(await log.newLines()));
        }
      }
      read.push(...(await log.newLines()));
      assert.deepEqual(read, written);
    }),
    { numRuns: 30 },
  );
});
