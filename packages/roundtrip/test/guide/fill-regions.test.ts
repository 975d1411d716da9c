import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Refused } from '../../src/errors.ts';
import { fillRegions, type GuideRegion } from '../../src/guide/fill-regions.ts';

const named = ({ part, target }: GuideRegion): string => `(${part} of ${target ?? 'the one asked for'})`;
const refusal = (markdown: string): string => {
  try {
    fillRegions(markdown, named);
  } catch (error) {
    assert.ok(error instanceof Refused && error.code === 'guide-marks', String(error));
    return error.seen;
  }
  return 'filled';
};

it('fills what is marked and leaves the rest as it is, byte for byte', () => {
  const markdown =
    '# Guide\r\n\n<!-- roundtrip guide: timeline -->\nold\n```\nold\n```\n<!-- /roundtrip guide -->\n\ttext  \n<!-- roundtrip guide: rollback production -->\n<!-- /roundtrip guide -->';
  assert.equal(
    fillRegions(markdown, named),
    '# Guide\r\n\n<!-- roundtrip guide: timeline -->\n\n(timeline of the one asked for)\n\n<!-- /roundtrip guide -->\n\ttext  \n<!-- roundtrip guide: rollback production -->\n\n(rollback of production)\n\n<!-- /roundtrip guide -->',
  );
});

it('filled once more, it is the same', () => {
  const once = fillRegions('<!-- roundtrip guide: matrix -->\n<!-- /roundtrip guide -->\n', named);
  assert.equal(fillRegions(once, named), once);
});

it('takes marks inside a code fence for the text that they are', () => {
  const markdown =
    '```\n<!-- roundtrip guide: nonsense -->\n```\n<!-- roundtrip guide: matrix -->\n<!-- /roundtrip guide -->\n';
  assert.match(fillRegions(markdown, named), /nonsense[\s\S]*\(matrix of/);
});

it('refuses marks that do not fit, and says where', () => {
  assert.equal(refusal('text'), 'no region is marked');
  assert.equal(refusal('\n<!-- roundtrip guide: time -->\n<!-- /roundtrip guide -->'), 'line 2 marks "time"');
  assert.equal(refusal('<!-- roundtrip guide: matrix -->\ntext'), 'the region of line 1 does not end');
  assert.equal(refusal('<!-- /roundtrip guide -->'), 'line 1 ends a region that was not begun');
  assert.equal(
    refusal('<!-- roundtrip guide: matrix -->\n<!-- roundtrip guide: matrix -->'),
    'line 2 begins a region inside the one of line 1',
  );
});
