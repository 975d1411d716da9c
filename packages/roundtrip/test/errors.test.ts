import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { it } from 'node:test';

const ROOT = path.resolve(import.meta.dirname, '../../..');

it('every error code of the sources has an entry in docs/errors.md, and every entry a source', () => {
  const sources = globSync('packages/roundtrip/src/**/*.ts', { cwd: ROOT })
    .map((file) => readFileSync(path.join(ROOT, file), 'utf8'))
    .join('\n');
  const raised = new Set([...sources.matchAll(/code:\s*'([a-z0-9-]+)'/g)].map((match) => match[1]));
  for (const match of sources.matchAll(/code:\s*[^,;]*\?\s*'([a-z0-9-]+)'\s*:\s*'([a-z0-9-]+)'/g)) {
    raised.add(match[1]);
    raised.add(match[2]);
  }
  const documented = new Set(
    [...readFileSync(path.join(ROOT, 'docs/errors.md'), 'utf8').matchAll(/^\| `([a-z0-9-]+)`/gm)].map(
      (match) => match[1],
    ),
  );
  assert.deepEqual(
    [...raised].filter((code) => !documented.has(code)),
    [],
    'raised and not documented',
  );
  assert.deepEqual(
    [...documented].filter((code) => !raised.has(code)),
    [],
    'documented and never raised',
  );
});
