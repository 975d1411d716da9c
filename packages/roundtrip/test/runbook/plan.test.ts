import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Refused } from '../../src/errors.ts';
import { planHash, resolvePlan, resolveRehearsal } from '../../src/runbook/plan.ts';
import { defineRunbook, type Runbook } from '../../src/runbook/runbook.ts';
import { type StepEffect, type StepSpec, stepSpec } from '../../src/runbook/step-spec.ts';
import type { Target } from '../../src/runbook/target.ts';

const DATABASE = { host: '127.0.0.1', port: 5432, user: 'ops', database: 'shop' };
const PRODUCTION: Target = {
  name: 'production',
  environment: 'production',
  staging: 'staging',
  database: DATABASE,
  settings: {},
};
const STAGING: Target = { name: 'staging', environment: 'staging', database: DATABASE, settings: {} };

function step(kind: string, effect: StepEffect = 'none', args: StepSpec['args'] = {}, id = kind): StepSpec {
  return stepSpec({ kind, defaultId: id, defaultTitle: kind, effect, common: {}, args });
}

const COPY = step('staging-copy', 'none', {}, 'copy');
const BACKUP = step('backup');
const WAY_BACK = step('way-back', 'reversible');
const MIGRATE = step('migrate', 'undone-by-way-back');

function runbook(steps: Runbook['steps'], more: Partial<Runbook> = {}): Runbook {
  return defineRunbook({
    name: 'exact-prices',
    title: 'Exact prices',
    targets: { production: PRODUCTION, staging: STAGING },
    window: { start: '02:00', end: '04:00', zone: 'Europe/Moscow' },
    protectedTables: ['orders'],
    matrix: [],
    ...more,
    steps,
  });
}

const plan = (steps: readonly StepSpec[], more: Partial<Runbook> = {}) =>
  resolvePlan({ runbook: runbook(() => steps, more), target: 'production', releases: null });
const rehearsal = (steps: Runbook['steps'], more: Partial<Runbook> = {}) =>
  resolveRehearsal({ runbook: runbook(steps, more), target: 'production', releases: null, copyStep: COPY });
const refused =
  (code: string, seen = /./) =>
  (error: unknown) =>
    error instanceof Refused && error.code === code && seen.test(error.seen);

describe('resolvePlan', () => {
  it('gives the same hash for the same runbook, and another one for another argument of a step', () => {
    const steps = [BACKUP, WAY_BACK, MIGRATE];
    assert.equal(planHash(plan(steps)), planHash(plan(steps)));
    const other = [BACKUP, WAY_BACK, { ...MIGRATE, args: { argv: ['./migrate'] } }];
    assert.notEqual(planHash(plan(steps)), planHash(plan(other)));
  });

  it('gives data that nobody can change', () => {
    const resolved = plan([BACKUP]);
    assert.throws(() => Object.assign(resolved.steps[0] as object, { timeoutMs: 1 }), TypeError);
    assert.throws(() => Object.assign(resolved.target, { name: 'other' }), TypeError);
  });

  it('refuses data that changes before there is a way back, or without one', () => {
    assert.throws(
      () => plan([BACKUP, MIGRATE, WAY_BACK]),
      refused('unordered-way-back', /step "migrate" changes data before the way-back step/),
    );
    assert.throws(
      () => plan([BACKUP, MIGRATE]),
      refused('unordered-way-back', /step "migrate" changes data and there is no way-back step/),
    );
  });

  it('refuses a step on the copy that does not stand between copyBeside and switchOver', () => {
    const onCopy = step('migrate', 'undone-by-way-back', { on: 'copy' });
    const [beside, over] = [step('copy-beside', 'reversible'), step('switch-over', 'reversible')];
    assert.equal(plan([beside, onCopy, over]).steps.length, 3);
    for (const steps of [[onCopy, beside, over], [beside, over, onCopy], [onCopy]])
      assert.throws(() => plan(steps), refused('unordered-way-back', /does not stand between/));
    // The database that serves may change once the old one is kept aside.
    assert.equal(plan([beside, onCopy, over, step('import', 'undone-by-way-back')]).steps.length, 4);
    assert.throws(
      () => plan([beside, step('import', 'undone-by-way-back'), over]),
      refused('unordered-way-back'),
    );
  });

  it('refuses two steps of one id, also across what comes after a rollback', () => {
    assert.throws(() => plan([BACKUP, BACKUP]), refused('duplicate-step', /"backup"/));
    assert.throws(() => plan([BACKUP], { afterRollback: () => [BACKUP] }), refused('duplicate-step'));
  });

  it('refuses a target that is not there and names those that are', () => {
    assert.throws(
      () => resolvePlan({ runbook: runbook(() => []), target: 'produktion', releases: null }),
      (error) =>
        refused('unknown-target')(error) && (error as Refused).expected.includes('production, staging'),
    );
  });

  it('takes what the code of a runbook throws for a refusal with its words, whichever part throws', () => {
    const lacks = (): never => {
      throw new Error('target "production" lacks maintenanceFlag');
    };
    for (const attempt of [
      () => resolvePlan({ runbook: runbook(lacks), target: 'production', releases: null }),
      () => plan([], { afterRollback: lacks }),
      () => plan([], { checks: lacks }),
      () => rehearsal(() => [], { stagingPrelude: lacks }),
      () => rehearsal(() => [], { stagingEpilogue: lacks }),
    ])
      assert.throws(
        attempt,
        refused('runbook-throws', /lacks maintenanceFlag \(file:.*plan\.test\.ts:\d+:\d+\)/),
      );
    for (const given of [{}, [1], 'steps'])
      assert.throws(
        () => plan(given as unknown as readonly StepSpec[]),
        refused('runbook-throws', /no list of steps/),
      );
    assert.throws(() => plan([], { receiptMaxAge: 'a week' }), refused('bad-duration', /a week/));
  });
});

describe('resolveRehearsal', () => {
  it('is the steps on staging, between a prelude that makes staging and an epilogue', () => {
    const { steps, target } = rehearsal(() => [BACKUP, WAY_BACK, MIGRATE], {
      stagingPrelude: () => [step('start-services', 'reversible')],
      stagingEpilogue: () => [step('stop-services', 'reversible')],
      afterRollback: () => [step('smoke-test')],
    });
    assert.equal(target.name, 'staging');
    assert.deepEqual(
      steps.map(({ id, phase }) => `${phase} ${id}`),
      [
        'prelude copy',
        'prelude start-services',
        'main backup',
        'main way-back',
        'main migrate',
        'after-rollback smoke-test',
        'epilogue stop-services',
      ],
    );
  });

  it('refuses a runbook whose staging has other steps than production, and takes other arguments', () => {
    const differing = (target: Target) => (target.environment === 'staging' ? [BACKUP] : [BACKUP, WAY_BACK]);
    assert.throws(() => rehearsal(differing), refused('rehearsal-differs'));
    const sameShape = (target: Target) => [step('backup', 'none', { directory: `/backup/${target.name}` })];
    assert.equal(rehearsal(sameShape).steps[1]?.args.directory, '/backup/staging');
  });

  it('refuses a target without a staging target', () => {
    assert.throws(
      () =>
        resolveRehearsal({
          runbook: runbook(() => []),
          target: 'staging',
          releases: null,
          copyStep: COPY,
        }),
      refused('no-staging-target', /"staging"/),
    );
  });
});

describe('defineRunbook', () => {
  it('refuses what contradicts itself, all of it at once', () => {
    assert.throws(
      () => runbook(() => [], { name: 'Exact Prices', targets: { production: PRODUCTION } }),
      refused('bad-runbook', /not kebab-case; target "production" is rehearsed on "staging"/),
    );
    assert.throws(() => runbook(() => [], { targets: {} }), refused('bad-runbook', /no targets/));
  });
});
