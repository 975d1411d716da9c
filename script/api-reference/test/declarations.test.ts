import assert from 'node:assert/strict';
import { it } from 'node:test';
import { declarationsOf } from '../declarations.ts';
import { referenceMarkdown } from '../reference-markdown.ts';

const SOURCE = `import { type A } from './a.ts';
/**
 * What a thing does,
 * in two lines.
 *
 * @throws Refused \`no\`.
 * @example thing({ size: 1 })
 */
export declare function thing(options: A & {
    readonly size: Size;
}): A;
/** How big. */
export type Size = {
    readonly n: 1;
}
/** A comment in the middle. */
 | {
    readonly n: 2;
};
export interface Other extends A {
    readonly a: 1;
}
`;

it('reads declarations whole, each with its comment', () => {
  const [thing, size, other] = declarationsOf(SOURCE);
  assert.equal(
    thing?.comment,
    'What a thing does,\nin two lines.\n\n@throws Refused `no`.\n@example thing({ size: 1 })',
  );
  assert.equal(thing?.text, 'function thing(options: A & {\n    readonly size: Size;\n}): A;');
  assert.match(size?.text ?? '', /^type Size = [\s\S]*A comment in the middle[\s\S]*n: 2;\n\};$/);
  assert.deepEqual([other?.name, other?.kind, other?.comment], ['Other', 'interface', '']);
});

it('shows a name with what it throws, its example and the types beside it that it speaks of', () => {
  const [thing, ...beside] = declarationsOf(SOURCE);
  assert.ok(thing);
  const text = referenceMarkdown([{ name: 'thing', room: 'steps', declaration: thing, beside }]);
  for (const part of ['## Steps', '### thing', 'Throws Refused `no`.', 'type Size', 'thing({ size: 1 })'])
    assert.ok(text.includes(part), part);
  assert.doesNotMatch(text, /interface Other/);
});
