import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { it } from 'node:test';

const DECISIONS = path.resolve(import.meta.dirname, '../../../../docs/adr');

it('every decision has a line in the list of them, under its own title', () => {
  const files = globSync('[0-9]*.md', { cwd: DECISIONS }).sort();
  const lines = files.map((file) => {
    const [title = ''] = readFileSync(path.join(DECISIONS, file), 'utf8').split('\n');
    return `- [${file.slice(0, 4)}](${file}) ${title.replace(/^# /, '')}`;
  });
  const listed = readFileSync(path.join(DECISIONS, 'README.md'), 'utf8').match(/^- \[.*$/gm) ?? [];
  assert.ok(files.length > 50, `${files.length} decisions`);
  assert.deepEqual([...listed].sort(), lines);
});

it('no two decisions have one number', () => {
  const numbers = globSync('[0-9]*.md', { cwd: DECISIONS }).map((file) => file.slice(0, 4));
  assert.deepEqual(
    numbers.filter((number, index) => numbers.indexOf(number) !== index),
    [],
  );
});
