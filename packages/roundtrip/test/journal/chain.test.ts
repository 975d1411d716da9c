import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseJournal, sealRecord } from '../../src/journal/chain.ts';
import type { JournalBody, JournalRecord } from '../../src/journal/record.ts';

const BODIES: readonly JournalBody[] = [
  {
    type: 'run-started',
    runId: 'r',
    kind: 'live',
    planHash: 'h',
    runbook: 'b',
    target: 't',
    toolVersion: '1',
    operator: 'o',
    identity: {},
    gate: {},
  },
  { type: 'intent', step: 'migrate', act: 'do', attempt: 1 },
  {
    type: 'outcome',
    step: 'migrate',
    act: 'do',
    ok: true,
    durationMs: 5,
    evidence: { note: 'строка "с кавычками"' },
  },
  { type: 'run-finished', verdict: 'succeeded' },
];

function journalText(bodies: readonly JournalBody[] = BODIES): string {
  const records: JournalRecord[] = [];
  for (const body of bodies)
    records.push(sealRecord({ last: records.at(-1), at: '2026-11-23T00:00:00.000Z', body }));
  return records.map((record) => `${JSON.stringify(record)}\n`).join('');
}

describe('parseJournal', () => {
  it('reads what was sealed', () => {
    const { records, torn } = parseJournal(journalText());
    assert.deepEqual(
      records.map((record) => record.body),
      BODIES,
    );
    assert.equal(torn, '');
  });

  it('takes every cut for a torn tail, and never for an edit', () => {
    const text = journalText();
    for (let length = 0; length <= text.length; length += 1) {
      const { records, torn } = parseJournal(text.slice(0, length));
      assert.equal(records.length, text.slice(0, length).split('\n').length - 1);
      assert.equal(
        `${records.map((record) => `${JSON.stringify(record)}\n`).join('')}${torn}`,
        text.slice(0, length),
      );
    }
  });

  it('refuses any changed character, naming the line', () => {
    const text = journalText();
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.constantFrom('0', 'z', '}', ' '), (index, character) => {
        if (text[index] === character || text[index] === '\n') return;
        const edited = text.slice(0, index) + character + text.slice(index + 1);
        const line = text.slice(0, index).split('\n').length;
        assert.throws(
          () => parseJournal(edited),
          (error: Error & { code?: string; fields?: { line?: number } }) =>
            error.code === 'journal-edited' && error.fields?.line === line,
        );
      }),
      { numRuns: 500 },
    );
  });

  it('refuses a removed, repeated or reordered line', () => {
    const lines = journalText().split('\n').slice(0, -1);
    const variants = [
      [0, 2, 3],
      [0, 1, 1, 2, 3],
      [0, 2, 1, 3],
      [1, 2, 3],
    ];
    for (const order of variants)
      assert.throws(() => parseJournal(order.map((index) => `${lines[index]}\n`).join('')), {
        code: 'journal-edited',
      });
  });
});
