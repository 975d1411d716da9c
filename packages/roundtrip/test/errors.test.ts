import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { it } from 'node:test';

const ROOT = path.resolve(import.meta.dirname, '../../..');
/** What the list calls a finding of a check, by its severity. */
const OF_SEVERITY: Readonly<Record<string, string>> = { refusal: 'Refused', warning: 'warning' };

it('every error code of the sources has an entry in docs/errors.md, and every entry a source', () => {
  const sources = globSync('packages/roundtrip/src/**/*.ts', { cwd: ROOT })
    .map((file) => readFileSync(path.join(ROOT, file), 'utf8'))
    .join('\n');
  const raised = new Set([...sources.matchAll(/code:\s*'([a-z0-9-]+)'/g)].map((match) => match[1]));
  for (const match of sources.matchAll(/\brefusal\(\s*'([a-z0-9-]+)'/g)) raised.add(match[1]);
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

it('every entry of docs/errors.md names the outcomes that the sources raise it with', () => {
  const documented = new Map(
    [
      ...readFileSync(path.join(ROOT, 'docs/errors.md'), 'utf8').matchAll(
        /^\| `([a-z0-9-]+)` \| ([^|]+) \|/gm,
      ),
    ].map(([, code = '', outcome = '']) => [code, outcome]),
  );
  const wrong: string[] = [];
  const require = (code: string, outcome: string, file: string): void => {
    // "UndoFailed" is no "Failed".
    if (!new RegExp(`\\b${outcome}\\b`).test(documented.get(code) ?? ''))
      wrong.push(`${code}: ${outcome} in ${file}, "${documented.get(code)}" in the list`);
  };
  for (const file of globSync('packages/roundtrip/src/**/*.ts', { cwd: ROOT })) {
    const text = readFileSync(path.join(ROOT, file), 'utf8');
    for (const [, outcome = '', code = ''] of text.matchAll(
      /new (Refused|Failed|Ambiguous|UndoFailed|Bug)\(\{\s*code: '([a-z0-9-]+)'/g,
    ))
      require(code, outcome, file);
    for (const [, code = '', severity = ''] of text.matchAll(
      /code: '([a-z0-9-]+)',\s*severity: '(refusal|warning)'/g,
    ))
      require(code, OF_SEVERITY[severity] ?? '', file);
    for (const [, code = ''] of text.matchAll(/\brefusal\(\s*'([a-z0-9-]+)'/g))
      require(code, 'Refused', file);
  }
  assert.deepEqual(wrong, []);
});
