import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { accessibilityProblems, keepScreenshot, openBrowser, type TestBrowser } from 'browser-test';
import { htmlReport } from '../../src/report/html.ts';
import { makeReport } from '../../src/report/report.ts';
import {
  FINGERPRINTS,
  recordedRun,
  recordRollback,
  recordUntilMigration,
} from '../dashboard/recorded-run.ts';

let chromium: TestBrowser;
let url = '';
before(async () => {
  chromium = await openBrowser();
  const run = recordedRun({ kind: 'live' });
  run.write(0, {
    type: 'override',
    what: 'receipt',
    reason: 'the staging machine burnt',
    operator: 'anna@ops-1',
  });
  recordUntilMigration(run);
  run.fail('migrate', 300, 'exit 1: relation "products" is locked by pid 4711');
  recordRollback(run, {
    reason: 'step "migrate" failed',
    automatic: true,
    returned: FINGERPRINTS,
    stepSeconds: 20,
  });
  const file = path.join(run.folder, 'report.html');
  writeFileSync(file, htmlReport(makeReport(run.plan, run.journal.records)));
  url = pathToFileURL(file).href;
});
after(() => chromium.close());

it('the report is one file: it fetches nothing, has no violation, and fits a telephone', async () => {
  for (const [name, options] of [
    ['light', {}],
    ['dark', { colorScheme: 'dark' as const }],
    ['narrow', { viewport: { width: 360, height: 740 } }],
  ] as const) {
    const { page, faults } = await chromium.visit(options);
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(url);
    assert.deepEqual(asked, [url]);
    assert.deepEqual(await accessibilityProblems(page), [], name);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(overflow <= 0, `${name}: ${overflow} px too wide`);
    await keepScreenshot(page, `report-${name}`);
    assert.deepEqual(faults, []);
  }
});
