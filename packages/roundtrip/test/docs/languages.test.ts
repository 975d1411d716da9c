import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';

const ROOT = path.resolve(import.meta.dirname, '../../../..');
const DOCUMENTS = ['docs/what-if', 'docs/migrations/admin-guide', 'docs/migrations/migration-guide'];

/** What must not differ between the languages of a document: its levels of headings, its rows of tables, what is typed. */
function shapeOf(file: string): {
  readonly headings: readonly string[];
  readonly rows: readonly number[];
  readonly typed: readonly string[];
} {
  const text = readFileSync(path.join(ROOT, file), 'utf8');
  const blocks = [...text.matchAll(/^```(?:sh|sql|json|ts)\n([\s\S]*?)^```/gm)].map(
    ([, block = '']) => block,
  );
  const prose = text.replaceAll(/^```[\s\S]*?^```/gm, '');
  return {
    headings: prose.match(/^#+(?= )/gm) ?? [],
    rows: prose.split('\n\n').flatMap((part) => (part.match(/^\|/gm) ?? []).length || []),
    // Comments are translated, and so are words for people: reasons and comments of an operator.
    typed: blocks.map((block) => block.replaceAll(/ *(?:#|--(?= )).*$/gm, '').replaceAll(/"[^"$]*"/g, '""')),
  };
}

describe('the documents in two languages', () => {
  for (const document of DOCUMENTS) {
    const [english, russian] = [`${document}.md`, `${document}.ru.md`];
    it(`${english} and ${russian} have the same headings, rows and commands, and link to each other`, () => {
      assert.deepEqual(shapeOf(russian), shapeOf(english));
      for (const [from, to] of [
        [english, russian],
        [russian, english],
      ] as const)
        assert.ok(readFileSync(path.join(ROOT, from), 'utf8').includes(`](${path.basename(to)})`), from);
    });
  }
});
