import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { accessibilityProblems, keepScreenshot, openBrowser, type TestBrowser } from 'browser-test';
import type { ServedDashboard } from '../../src/dashboard/server/serve-dashboard.ts';
import { recordedRun, recordSwitchAndBack, STARTED } from '../dashboard/recorded-run.ts';
import { serveState } from './dashboard-page.ts';

let chromium: TestBrowser;
const dashboards: ServedDashboard[] = [];
before(async () => {
  chromium = await openBrowser();
});
after(async () => {
  await chromium.close();
  for (const dashboard of dashboards) await dashboard.close();
});

/** What the page of a migration beside production says, in a language, up to a point of its night. */
async function pageOf(
  until: 'copied' | 'switched' | 'returned',
  locale: 'en-GB' | 'ru-RU',
): Promise<Record<'maintenance' | 'header' | 'wayBack' | 'changes', string>> {
  const run = recordedRun({ kind: 'live', strategy: 'side-by-side' });
  recordSwitchAndBack(run, until);
  const dashboard = await serveState(run.state.root, STARTED + 2_700_000);
  dashboards.push(dashboard);
  const { page, faults } = await chromium.visit({ locale });
  await page.goto(dashboard.url);
  await page.locator('.timeline').waitFor();
  assert.deepEqual(await accessibilityProblems(page), []);
  await keepScreenshot(page, `dashboard-beside-${until}-${locale.slice(0, 2)}`);
  assert.deepEqual(faults, []);
  const text = async (selector: string): Promise<string> =>
    (await page.locator(selector).textContent()) ?? '';
  const seen = {
    maintenance: await text('.maintenance'),
    header: await text('header.run .facts'),
    wayBack: await text('.light'),
    changes: await text('.changes'),
  };
  await page.close();
  return seen;
}

it('a copy that is being migrated leaves customers alone, and says so', async () => {
  const seen = await pageOf('copied', 'en-GB');
  assert.equal(seen.maintenance, 'not needed: production serves on');
  assert.match(seen.header, /Customers waitednot at all so far/);
  assert.match(seen.wayBack, /open/);
});

it('says of each protected table, and of all, who changed how many rows, in both languages', async () => {
  const switched = await pageOf('switched', 'en-GB');
  assert.match(
    switched.changes,
    /^All of themthe migration changed 0 rows; customers changed 412 until the switch, after it: counted when the way back is used or closed/,
  );
  const { changes } = await pageOf('returned', 'en-GB');
  assert.match(
    changes,
    /^All of themthe migration changed 0 rows; customers changed 412 until the switch, 30 after it/,
  );
  assert.match(
    changes,
    /order_itemsthe migration changed 0 rows; customers changed 12 until the switch, 0 after it$/,
  );
  const russian = (await pageOf('returned', 'ru-RU')).changes;
  assert.match(
    russian,
    /^Все вместемиграция изменила строк: 0; клиенты изменили: 412 до переключения, 30 после него/,
  );
});

it('after the switch and after the way back it says how long customers waited, in both languages', async () => {
  assert.match((await pageOf('switched', 'en-GB')).header, /Customers waited131 ms at the switch(?!,)/);
  assert.match((await pageOf('returned', 'en-GB')).header, /131 ms at the switch, 202 ms on the way back/);
  const russian = await pageOf('returned', 'ru-RU');
  assert.match(russian.header, /Клиенты ждали131 мс при переключении, 202 мс при возврате/);
  assert.equal(russian.maintenance, 'не нужно: работа не прерывается');
});
