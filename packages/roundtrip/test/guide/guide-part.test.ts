import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GUIDE_LANGUAGES, GUIDE_PARTS } from '../../src/guide/guide-of.ts';
import { guidePart, wholeGuide } from '../../src/guide/guide-part.ts';
import { stepWordsEn } from '../../src/guide/step-words-en.ts';
import { stepWordsRu } from '../../src/guide/step-words-ru.ts';
import { wordsRu } from '../../src/guide/words-ru.ts';
import {
  approve,
  backup,
  copyBeside,
  flush,
  migrate,
  proveTables,
  requireFiles,
  returnStream,
  smokeTest,
  switchOver,
  watch,
  wayBack,
} from '../../src/index.ts';
import { stepKinds } from '../../src/steps/index.ts';
import { runCommand } from '../../src/steps/run-command.ts';
import { storyMatrix } from '../../src/watch/matrix.ts';
import type { WatchPlan } from '../../src/watch/watch-plan.ts';
import { planOf, receiptOf } from './guide-plan.ts';

const WATCH: WatchPlan = { durationMs: 86_400_000, intervalMs: 10_000, sources: [], goals: [] };
const inPlace = planOf(
  [
    approve({ question: 'Ready?', owner: 'Team', planned: '15min' }),
    backup({ planned: '10min' }),
    wayBack(),
    flush({ argv: ['/srv/shop/bin/shop', 'flush', '--yes|no'], deletes: ['products'], planned: '5min' }),
    returnStream({ tables: ['orders'], mapping: [{ table: 'products', sql: 'SELECT 1' }] }),
    proveTables({ tables: 'protected' }),
    watch({ plan: WATCH, planned: '24h', timeout: '7d' }),
  ],
  {
    afterRollback: () => [
      smokeTest({
        id: 'returned',
        title: 'The old one serves',
        probes: [{ name: 'ready', request: { url: 'http://shop/' }, expect: { status: 200 } }],
      }),
    ],
  },
);
const sideBySide = planOf([
  copyBeside({ tables: ['users', 'orders'] }),
  migrate({ argv: ['./migrate'], on: 'copy' }),
  switchOver({ fence: '5s' }),
]);
const lines = (text: string): string[] => text.split('\n');

describe('the guide', () => {
  it('has words for every kind of step, in both languages', () => {
    const kinds = [...stepKinds.keys()].sort();
    assert.deepEqual(Object.keys(stepWordsEn).sort(), kinds);
    assert.deepEqual(Object.keys(stepWordsRu).sort(), kinds);
  });

  it('says in Russian what the story says in its matrix', () => {
    assert.deepEqual(
      storyMatrix().filter(({ action }) => wordsRu.matrix.actions[action] === undefined),
      [],
    );
  });

  it('has no hole in any part, language or strategy', () => {
    for (const plan of [inPlace, sideBySide])
      for (const language of GUIDE_LANGUAGES)
        for (const part of GUIDE_PARTS)
          assert.doesNotMatch(guidePart(part, { plan }, language), /undefined|NaN|\| +\|/, part);
    assert.match(wholeGuide({ plan: inPlace }, 'ru'), /^# Exact prices\n\n## Расписание\n/);
  });
});

describe('the timeline', () => {
  const text = guidePart('timeline', { plan: inPlace }, 'en');

  it('goes on after midnight, one step after the other', () => {
    assert.deepEqual(
      lines(text).flatMap(
        (line) => /^\| (\d\d:\d\d) \| .*\(`([\w-]+)`\)/.exec(line)?.slice(1).join(' ') ?? [],
      ),
      [
        '23:30 approve',
        '23:45 backup',
        '23:55 way-back',
        '23:56 flush',
        '00:01 return-stream',
        '00:02 prove-protected-tables',
        '00:03 watch',
      ],
    );
    assert.match(text, /Planned 33min without the watch.*done at 00:03\./);
  });

  it('shows what is run without the folders of a machine, and no cell breaks the table', () => {
    const row = lines(text).find((line) => line.includes('(`flush`)')) ?? '';
    assert.match(row, /`shop flush --yes\\\|no`/);
    assert.equal(row.replaceAll('\\|', '').split('|').length, 8);
  });

  it('has a column of rehearsed times only where a rehearsal measured them', () => {
    assert.doesNotMatch(text, /rehearsed/i);
    const measured = guidePart('timeline', { plan: inPlace, receipt: receiptOf(inPlace) }, 'en');
    assert.match(measured, /Rehearsed on staging at 2026-11-23 02:11 UTC: .* 1min 30s back, .* 12\.3 MB/);
    assert.match(measured, /\(`backup`\).*\| 10min \| 2s \| DevOps \|/);
    assert.match(
      measured,
      /\(`approve`\).*\| 15min \| – \| Team \|/,
      'a gate is passed at once in a rehearsal',
    );
  });

  it('says what undoes each step', () => {
    assert.match(text, /\(`flush`\).*\| the way back \|$/m);
    assert.match(text, /\(`backup`\).*\| its undo \|$/m);
    assert.match(guidePart('timeline', { plan: sideBySide }, 'en'), /\(`migrate`\).*\| with the copy \|$/m);
    assert.match(text, /No step is a point of no return/);
  });
});

describe('the checklist', () => {
  it('names what the runbook asks for before a run, each once', () => {
    const look = (path: string) => requireFiles({ name: '1C exchange', folder: path });
    const plan = planOf([], {
      checks: () => [look('/a'), look('/b'), requireFiles({ folder: '/srv/prices' })],
    });
    assert.match(guidePart('checklist', { plan }, 'en'), /asks for it: 1C exchange, \/srv\/prices\.$/m);
    assert.doesNotMatch(guidePart('checklist', { plan: inPlace }, 'en'), /asks for it/);
  });

  it('says who has to be told, and that nobody is where there are no channels', () => {
    assert.match(guidePart('checklist', { plan: inPlace }, 'en'), /Nobody is told/);
  });
});

describe('the rollback', () => {
  it('undoes in the order of the engine, the last step first, and ends with what must pass', () => {
    const text = guidePart('rollback', { plan: inPlace }, 'en');
    const order = lines(text).flatMap(
      (line) => /^\d+\. .*?(?:\(`([\w-]+)`\)|“(.*?)”)/.exec(line)?.slice(1).join('') ?? [],
    );
    assert.deepEqual(order, ['return-stream', 'way-back', 'backup', 'The old one serves']);
  });

  it('has a deadline once a rehearsal measured the rollback', () => {
    assert.match(
      guidePart('rollback', { plan: inPlace }, 'en'),
      /01:30 Europe\/Moscow, less the rehearsed time/,
    );
    const of = { plan: inPlace, receipt: receiptOf(inPlace) };
    // 01:30 less 90 s less ten minutes.
    assert.match(guidePart('rollback', of, 'en'), /: 01:18 Europe\/Moscow, which is 01:30 less 1min 30s/);
    assert.match(guidePart('checklist', of, 'en'), /rollback deadline: 01:18\./);
  });

  it('names what comes along, and says where nothing does', () => {
    assert.match(guidePart('rollback', { plan: inPlace }, 'en'), /since to `orders`\. .* in `products` by/);
    assert.match(guidePart('rollback', { plan: sideBySide }, 'en'), /since to `users`, `orders`\./);
    const careless = planOf([backup(), wayBack(), migrate({ argv: ['./migrate'] })]);
    assert.match(guidePart('rollback', { plan: careless }, 'en'), /nothing\. .* is lost by a rollback/);
    assert.match(guidePart('rollback', { plan: careless }, 'ru'), /при откате теряется/);
  });

  it('names what cannot be undone, which also asks before it is done', () => {
    const plan = planOf([
      backup(),
      wayBack(),
      runCommand({ id: 'drop-old', title: 'Drop the old', argv: ['./drop'], effect: 'point-of-no-return' }),
    ]);
    assert.match(guidePart('rollback', { plan }, 'en'), /Not past these.*Drop the old/);
    assert.match(guidePart('timeline', { plan }, 'en'), /\| \*\*nothing\*\* \|/);
    assert.match(guidePart('checklist', { plan }, 'en'), /approve --target production --step drop-old/);
  });
});

describe('the matrix', () => {
  const matrix = storyMatrix();
  const happens = (text: string, problem: string): string =>
    lines(text)
      .find((line) => line.startsWith(`| ${problem}`))
      ?.split(' | ')[3] ?? '';

  it('says what really follows from each row', () => {
    const steps = (onYes: 'ask' | 'roll-back') => [watch({ plan: { ...WATCH, onYes }, timeout: '7d' })];
    const asking = guidePart('matrix', { plan: planOf(steps('ask'), { matrix }) }, 'en');
    assert.equal(happens(asking, 'error rate > 5 %'), 'the watch ends, DevOps confirms the rollback');
    assert.equal(happens(asking, 'step "migrate"'), 'the run goes back by itself');
    assert.equal(happens(asking, 'p95 response'), 'a timer of 1h, then DevOps decides');
    assert.equal(happens(asking, 'missingColours'), 'a note');
    const going = guidePart('matrix', { plan: planOf(steps('roll-back'), { matrix }) }, 'en');
    assert.equal(happens(going, 'error rate > 5 %'), 'the run goes back by itself');
  });

  it('says where nobody watches', () => {
    const text = guidePart('matrix', { plan: planOf([], { matrix }) }, 'en');
    assert.match(happens(text, 'error rate > 5 %'), /no watch/);
    assert.match(guidePart('matrix', { plan: inPlace }, 'en'), /no matrix: a human decides/);
  });
});
