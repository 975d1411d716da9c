import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { it } from 'node:test';

const PACKAGES = path.resolve(import.meta.dirname, '../..');
const FACES = [
  'roundtrip/src/index.ts',
  'roundtrip/src/cli/index.ts',
  'roundtrip/src/postgres/index.ts',
  'commerceml/src/index.ts',
  'commerceml/src/generate/index.ts',
  'commerceml/src/inspect/index.ts',
  'freesport/src/index.ts',
  'pg-cluster/src/index.ts',
];
const COMMENT = String.raw`(\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?`;

/** What a name that others may use is declared with, and the comment above it. */
function declarationOf(
  file: string,
  name: string,
): { readonly comment: string; readonly kind: string } | undefined {
  const declared = new RegExp(
    `${COMMENT}export (?:async )?(function|const|interface|type|class)\\*? ${name}\\b`,
  ).exec(readFileSync(file, 'utf8'));
  return declared === null ? undefined : { comment: declared[1] ?? '', kind: declared[2] ?? '' };
}

it('every name that others may use says what it is for, and every function how', () => {
  const wrong: string[] = [];
  let seen = 0;
  for (const face of FACES) {
    const file = path.join(PACKAGES, face);
    for (const [, names = '', from = ''] of readFileSync(file, 'utf8').matchAll(
      /^export (?:type )?\{([^}]*)\} from '([^']+)'/gm,
    )) {
      for (const each of names.split(',').map((text) => text.trim())) {
        const name = each.replace(/^type /, '').split(' as ')[0] ?? '';
        const declared = name === '' ? undefined : declarationOf(path.join(path.dirname(file), from), name);
        // One that is passed on from another room is described there.
        if (declared === undefined) continue;
        seen += 1;
        if (declared.comment === '') wrong.push(`${from}: ${name} has no comment`);
        else if (declared.kind === 'function' && !declared.comment.includes('@example'))
          wrong.push(`${from}: ${name} has no @example`);
      }
    }
  }
  assert.deepEqual(wrong, []);
  assert.ok(seen > 100, `${seen} names were looked at`);
});
