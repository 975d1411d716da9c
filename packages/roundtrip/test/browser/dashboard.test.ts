import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { accessibilityProblems, keepScreenshot, openBrowser, type TestBrowser } from 'browser-test';
import type { Page } from 'playwright-core';
import { takeOperatorLock } from '../../src/control/operator-lock.ts';
import type { ServedDashboard } from '../../src/dashboard/server/serve-dashboard.ts';
import { saveReceipt } from '../../src/journal/receipt.ts';
import {
  FINGERPRINTS,
  type RecordedRun,
  recordedRun,
  recordUntilMigration,
  recordWatch,
  rehearsedReceipt,
  STARTED,
} from '../dashboard/recorded-run.ts';
import { serveState, waitForState } from './dashboard-page.ts';

const SAMPLES = 200;

let chromium: TestBrowser;
let dashboard: ServedDashboard;
let rehearsal: RecordedRun;
let run: RecordedRun;
before(async () => {
  chromium = await openBrowser();
  rehearsal = recordedRun({ kind: 'rehearsal' });
  recordUntilMigration(rehearsal);
  run = recordedRun({ kind: 'live', state: rehearsal.state });
  recordUntilMigration(run);
  run.succeed('migrate', 45);
  run.write(1, { type: 'approved', step: 'drop-old', operator: 'anna@ops-1', comment: 'agreed' });
  run.succeed('drop-old', 2);
  run.succeed('prove-protected-tables', 9, { before: FINGERPRINTS, after: FINGERPRINTS });
  run.succeed('maintenance-off', 1, { state: 'off' });
  run.write(1, { type: 'intent', step: 'watch', act: 'do', attempt: 1 });
  recordWatch(run, SAMPLES);
  // Somebody operates: this process.
  takeOperatorLock(run.state, { operator: 'anna@ops-1', verb: 'run', now: new Date(STARTED) });
  dashboard = await serveState(run.state.root, STARTED + 2_700_000);
});
after(async () => {
  await chromium.close();
  await dashboard.close();
});

async function opened(
  options: Parameters<TestBrowser['visit']>[0] = {},
  path = '',
): Promise<{ page: Page; faults: readonly string[] }> {
  const visit = await chromium.visit({ locale: 'en-GB', ...options });
  await visit.page.goto(dashboard.url);
  if (path !== '') await visit.page.goto(`${dashboard.origin}${path}`);
  await visit.page.locator('.timeline').waitFor();
  return visit;
}

describe('the dashboard of a run', () => {
  it('shows where the night stands, without a violation in light and in dark', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page, faults } = await opened({ colorScheme });
      assert.equal(new URL(page.url()).search, '', 'the token stays in the address bar');
      assert.equal(await page.title(), 'LIVE · Products become variants');
      await waitForState(page, 'Open the way back', 'done');
      await waitForState(page, 'Watch error rate', 'under way');
      assert.equal(await page.locator('.maintenance').textContent(), 'off');
      for (const mark of ['window-start', 'window-end', 'no-return', 'now'])
        assert.ok((await page.locator(`.labels .${mark}`).count()) + (mark === 'now' ? 1 : 0) > 0, mark);
      assert.equal(await page.locator('.chart canvas').count(), 4);
      assert.match(
        (await page.locator('.watch').textContent()) ?? '',
        new RegExp(`${SAMPLES} samples, ${SAMPLES * 20} requests`),
      );
      assert.deepEqual(await accessibilityProblems(page), []);
      await keepScreenshot(page, `dashboard-live-${colorScheme}`);
      assert.deepEqual(faults, []);
    }
  });

  it('a planned bar stands behind the actual one', async () => {
    const { page } = await opened();
    const row = page.locator('tr.step', {
      has: page.getByRole('button', { name: 'verify the pre-migration backup' }),
    });
    const [planned, done] = [
      await row.locator('.bar.planned').boundingBox(),
      await row.locator('.bar.done').boundingBox(),
    ];
    assert.ok(planned !== null && done !== null);
    // Ten minutes planned, four taken.
    assert.ok(
      done.width / planned.width > 0.3 && done.width / planned.width < 0.5,
      `${done.width} of ${planned.width}`,
    );
  });

  it('tells a rehearsal from a live run by word, frame and pattern, not by colour alone', async () => {
    const looks: string[] = [];
    for (const each of [run, rehearsal]) {
      const { page } = await opened({}, `/?run=${each.runId}`);
      await page.locator(`header.run.${each === run ? 'live' : 'rehearsal'}`).waitFor();
      looks.push(
        await page.evaluate(() => {
          const band = document.querySelector('.kind');
          return [
            getComputedStyle(document.body).borderTopStyle,
            band === null ? '' : getComputedStyle(band).backgroundImage.slice(0, 9),
            document.querySelector('.badge')?.textContent,
            document.title,
          ].join('|');
        }),
      );
      assert.deepEqual(await accessibilityProblems(page), []);
      if (each === rehearsal) await keepScreenshot(page, 'dashboard-rehearsal');
    }
    assert.match(looks[0] ?? '', /^solid\|none\|● LIVE\|LIVE · /);
    assert.match(looks[1] ?? '', /^dashed\|repeating\|↺ REHEARSAL\|REHEARSAL · /);
  });

  it('opens a step with the keyboard, shows the command without its secret, and gives the focus back', async () => {
    const { page, faults } = await opened();
    const button = page.getByRole('button', { name: 'Run schema migrations' });
    await button.focus();
    await page.keyboard.press('Enter');
    const drawer = page.getByRole('dialog');
    await drawer.getByText('shop migrate --password [redacted]').waitFor();
    assert.doesNotMatch((await drawer.textContent()) ?? '', /s3cret/);
    assert.match((await drawer.textContent()) ?? '', /verify/);
    assert.deepEqual(await accessibilityProblems(page), []);
    await keepScreenshot(page, 'dashboard-step');
    await page.keyboard.press('Escape');
    await drawer.waitFor({ state: 'detached' });
    assert.equal(await button.evaluate((element) => element === document.activeElement), true);
    assert.deepEqual(faults, []);
  });

  it('speaks Russian', async () => {
    const { page } = await opened({ locale: 'ru-RU' });
    await page.getByRole('heading', { name: 'Защищённые таблицы' }).waitFor();
    assert.equal(await page.locator('html').getAttribute('lang'), 'ru');
    assert.deepEqual(await accessibilityProblems(page), []);
    await keepScreenshot(page, 'dashboard-russian');
    await page.getByRole('button', { name: 'English' }).click();
    await page.getByRole('heading', { name: 'Protected tables' }).waitFor();
  });

  it('fits a telephone without scrolling sideways, and paper', async () => {
    const { page } = await opened({ viewport: { width: 360, height: 740 } });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(overflow <= 0, `${overflow} px too wide`);
    assert.deepEqual(await accessibilityProblems(page), []);
    await keepScreenshot(page, 'dashboard-narrow');
    const paper = await opened();
    await paper.page.emulateMedia({ media: 'print' });
    assert.equal(await paper.page.locator('nav.bar').isVisible(), false);
    await keepScreenshot(paper.page, 'dashboard-print');
  });

  it('says that it is stale when the server is gone', async () => {
    const mortal = await serveState(run.state.root, STARTED + 2_700_000);
    const { page } = await chromium.visit({ locale: 'en-GB' });
    await page.goto(mortal.url);
    await page.locator('.timeline').waitFor();
    await mortal.close();
    await page.getByRole('alert').filter({ hasText: 'Stale' }).waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    await keepScreenshot(page, 'dashboard-stale');
  });
});

describe('a run that needs a person', () => {
  it('says what it waits for and how to answer, and never offers a button for it', async () => {
    const waiting = recordedRun({ kind: 'live' });
    const served = await serveState(waiting.state.root, STARTED + 60_000);
    try {
      const { page, faults } = await chromium.visit({ locale: 'en-GB' });
      await page.goto(served.url);
      const banner = page.getByRole('alert');
      await banner.getByText(`roundtrip approve --step meeting --run ${waiting.runId}`).waitFor();
      assert.equal(await page.getByRole('button', { name: /approve/i }).count(), 0);
      assert.deepEqual(await accessibilityProblems(page), []);
      await keepScreenshot(page, 'dashboard-waiting');
      // The answer is given elsewhere; the page follows by itself.
      recordUntilMigration(waiting);
      waiting.fail('migrate', 30, 'exit 1: relation "products" is locked by pid 4711');
      await page.locator('.state', { hasText: 'failed' }).waitFor();
      await page.getByRole('button', { name: 'Run schema migrations' }).click();
      await page.getByRole('dialog').getByText('locked by pid 4711').first().waitFor();
      assert.deepEqual(await accessibilityProblems(page), []);
      await keepScreenshot(page, 'dashboard-failed-step');
      assert.deepEqual(faults, []);
    } finally {
      await served.close();
    }
  });
});

describe('a run that was rehearsed', () => {
  const rehearsed = (): RecordedRun => {
    const night = recordedRun({ kind: 'live' });
    recordUntilMigration(night);
    saveReceipt(night.state, rehearsedReceipt(night));
    return night;
  };

  it('has a rollback deadline on its timeline, and a forecast by the rehearsal', async () => {
    const night = rehearsed();
    const served = await serveState(night.state.root, STARTED + 600_000);
    try {
      const { page } = await chromium.visit({ locale: 'en-GB' });
      await page.goto(served.url);
      await page.locator('.labels .deadline', { hasText: 'rollback deadline' }).waitFor();
      // Window end − two minutes rehearsed − ten minutes of margin.
      assert.match((await page.locator('.deadlines').textContent()) ?? '', /rollback deadline03:48:00/);
      assert.match(
        (await page.locator('header.run .facts').textContent()) ?? '',
        /02:26:0\d \(by the rehearsal\)/,
      );
      assert.match((await page.locator('.way-back').textContent()) ?? '', /as rehearsed, 2 min\./);
      assert.deepEqual(await accessibilityProblems(page), []);
      await keepScreenshot(page, 'dashboard-deadline');
    } finally {
      await served.close();
    }
  });

  it('says so when the deadline has passed', async () => {
    const night = rehearsed();
    const served = await serveState(night.state.root, Date.parse('2026-11-23T00:49:00.000Z'));
    try {
      const { page } = await chromium.visit({ locale: 'en-GB' });
      await page.goto(served.url);
      await page.getByRole('alert').filter({ hasText: 'The rollback deadline has passed' }).waitFor();
      assert.deepEqual(await accessibilityProblems(page), []);
    } finally {
      await served.close();
    }
  });
});
