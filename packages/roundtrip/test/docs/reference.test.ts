import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { it } from 'node:test';
import { readEntries } from '../../../../script/api-reference/read-entries.ts';
import { referenceMarkdown } from '../../../../script/api-reference/reference-markdown.ts';

const FILE = path.resolve(import.meta.dirname, '../../../../docs/reference.md');

it('the reference is what the sources say now', () => {
  const entries = readEntries();
  assert.ok(entries.length > 50, `${entries.length} exported names`);
  assert.ok(
    readFileSync(FILE, 'utf8') === referenceMarkdown(entries),
    'docs/reference.md is older than the comments it is made from: run script/reference',
  );
});
