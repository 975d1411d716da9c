import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { foldJournal } from '../../src/journal/fold.ts';
import type { JsonObject } from '../../src/json.ts';
import { NO_CHANGES } from '../../src/postgres/row-changes.ts';
import { changesOfAllText, changesText } from '../../src/report/changes-text.ts';
import { htmlReport } from '../../src/report/html.ts';
import { markdownReport } from '../../src/report/markdown.ts';
import { makeReport } from '../../src/report/report.ts';
import { changesInAll, tableChanges, withChangesSoFar } from '../../src/report/table-changes.ts';
import { verifyReport } from '../../src/report/verify-report.ts';
import { FINGERPRINTS, type RecordedRun, recordedRun } from '../dashboard/recorded-run.ts';

const SOME = { ...NO_CHANGES, inserted: 400, updated: 10, deleted: 2 };
const WHY = { unknown: 'the slot that kept the changes is gone' };

/** A run beside production whose switch counted this on the copy, and whose rollback brought this back. */
function switched(counted: JsonObject, broughtBack?: JsonObject): RecordedRun {
  const run = recordedRun({ kind: 'live', strategy: 'side-by-side' });
  run.succeed('copy-beside', 240, { trust: 'T3', fingerprints: FINGERPRINTS });
  run.succeed('switch-over', 3, { changes: counted, compared: FINGERPRINTS });
  if (broughtBack === undefined) return run;
  run.write(60, { type: 'rollback-started', reason: 'a test', automatic: false, operator: 'anna@ops-1' });
  run.write(1, {
    type: 'outcome',
    step: 'switch-over',
    act: 'undo',
    ok: true,
    durationMs: 1,
    evidence: { customers: broughtBack },
  });
  return run;
}

const tablesOf = (run: RecordedRun) => makeReport(run.plan, run.journal.records).summary.protectedTables;
const counts = (stream: object, others: object): JsonObject => ({ stream, others }) as unknown as JsonObject;

describe('who changed the rows, in a sentence', () => {
  it('says both numbers', () => {
    const changes = { migration: { rows: '0' }, untilSwitch: null, sinceLetIn: { ...SOME, updated: 0 } };
    assert.equal(
      changesText(changes),
      'the migration changed 0 rows; customers changed 402 (400 inserted, 2 deleted)',
    );
    assert.equal(
      changesText({ migration: { rows: '1' }, untilSwitch: SOME, sinceLetIn: NO_CHANGES }),
      'the migration changed 1 row; customers changed 412 (400 inserted, 10 updated, 2 deleted) until the switch, 0 after it',
    );
  });

  it('never says 0 where nothing was measured', () => {
    for (const unmeasured of [WHY, null, 'pending'] as const) {
      const text = changesText({
        migration: unmeasured === 'pending' ? null : unmeasured,
        untilSwitch: unmeasured,
        sinceLetIn: unmeasured,
      });
      assert.doesNotMatch(text, /\d/);
    }
    assert.match(changesText({ migration: WHY, untilSwitch: WHY, sinceLetIn: null }), /because the slot/);
  });

  it('adds up the tables and names those that it lacks', () => {
    const table = (name: string, sinceLetIn: typeof SOME | typeof WHY) => ({
      table: name,
      migration: { rows: '0' },
      untilSwitch: null,
      sinceLetIn,
    });
    const tables = [table('orders', SOME), table('users', WHY), table('cart_items', SOME)];
    assert.deepEqual(changesInAll(tables).unmeasured, ['users']);
    assert.equal(
      changesOfAllText(tables),
      'the migration changed 0 rows; customers changed 824 (800 inserted, 20 updated, 4 deleted) (not all was measured of users)',
    );
  });

  it('comes from what the switch and the rollback noted', () => {
    const run = switched(
      {
        'public.orders': counts(SOME, NO_CHANGES),
        'public.order_items': counts(WHY, WHY),
      },
      { 'public.orders': { ...NO_CHANGES, inserted: 3 }, 'public.order_items': WHY },
    );
    const [orders, items] = tablesOf(run);
    assert.deepEqual(
      [orders?.migration, orders?.untilSwitch, orders?.sinceLetIn],
      [{ rows: '0' }, SOME, { ...NO_CHANGES, inserted: 3 }],
    );
    assert.deepEqual([items?.migration, items?.untilSwitch, items?.sinceLetIn], [WHY, WHY, WHY]);
  });

  it('is pending until the way back is used or closed, and says what an older version did not keep', () => {
    const [orders, items] = tablesOf(switched({ 'public.orders': counts(SOME, NO_CHANGES) }));
    assert.equal(orders?.sinceLetIn, 'pending');
    assert.match(JSON.stringify(items?.migration), /an older version/);
    const run = recordedRun({ kind: 'live', strategy: 'side-by-side' });
    const early = tableChanges(run.plan, foldJournal(run.journal.records))('public.orders');
    assert.deepEqual(early, { migration: null, untilSwitch: 'pending', sinceLetIn: null });
  });

  it('shows what a look has found so far, where the number is still to come', () => {
    const found = { 'public.orders': SOME, 'public.order_items': WHY };
    const [orders, items] = withChangesSoFar(
      tablesOf(
        switched({
          'public.orders': counts(SOME, NO_CHANGES),
          'public.order_items': counts(SOME, NO_CHANGES),
        }),
      ),
      found,
    );
    assert.ok(orders !== undefined && items !== undefined);
    assert.match(
      changesText(orders),
      /until the switch, 412 so far \(400 inserted, 10 updated, 2 deleted\) after it/,
    );
    assert.match(changesText(items), /after it: not measured because the slot/);
    assert.match(
      changesOfAllText([orders, items]),
      /until the switch, 412 so far .* after it \(not all was measured of order_items\)/,
    );
    const back = tablesOf(
      switched(
        { 'public.orders': counts(SOME, NO_CHANGES) },
        { 'public.orders': NO_CHANGES as unknown as JsonObject },
      ),
    );
    assert.deepEqual(withChangesSoFar(back, found)[0]?.sinceLetIn, NO_CHANGES);
  });

  it('does not call a TRUNCATE 0 rows', () => {
    const emptied = { ...NO_CHANGES, emptied: 1 };
    const [orders] = tablesOf(switched({ 'public.orders': counts(emptied, emptied) }));
    assert.ok(orders !== undefined);
    assert.match(changesText(orders), /emptied by TRUNCATE \(1\); .*emptied by TRUNCATE 1 times/);
  });

  it('stands in the report, in HTML and Markdown, and is recomputed', () => {
    const run = switched(
      { 'public.orders': counts(SOME, NO_CHANGES), 'public.order_items': counts(NO_CHANGES, NO_CHANGES) },
      { 'public.orders': { ...NO_CHANGES }, 'public.order_items': { ...NO_CHANGES } },
    );
    const report = makeReport(run.plan, run.journal.records);
    const sentence = /All of them|Protected tables: the migration changed 0 rows; customers changed 412 /;
    for (const text of [htmlReport(report), markdownReport(report)]) {
      assert.match(text, sentence);
      assert.match(text, /the migration changed 0 rows; customers changed 412 /);
    }
    const tampered = JSON.stringify(report).replace('"migration":{"rows":"0"}', '"migration":{"rows":"7"}');
    assert.deepEqual(verifyReport(JSON.stringify(report)).problems, []);
    assert.match(verifyReport(tampered).problems.join(), /"protectedTables" does not follow/);
  });
});
