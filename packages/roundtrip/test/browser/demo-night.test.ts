import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { accessibilityProblems, keepScreenshot, openBrowser, type TestBrowser } from 'browser-test';
import type { Page } from 'playwright-core';
import type { ServedDashboard } from '../../src/dashboard/server/serve-dashboard.ts';
import { serveState } from './dashboard-page.ts';

const DEMO = path.resolve(import.meta.dirname, '../../../../runbooks/product-variant/demo/demo.ts');
const STAGE_MS_MAX = 60_000;
const LOOK_EVERY_MS = 150;

let chromium: TestBrowser;
let folders = '';
let demo: ChildProcess | undefined;
const dashboards: ServedDashboard[] = [];
before(async () => {
  chromium = await openBrowser();
  folders = mkdtempSync(path.join(tmpdir(), 'night-'));
  chmodSync(folders, 0o755);
});
after(async () => {
  await chromium.close();
  for (const dashboard of dashboards) await dashboard.close();
  if (demo?.exitCode === null) {
    demo.kill('SIGTERM');
    await once(demo, 'exit');
  }
  rmSync(folders, { recursive: true, force: true });
});

/** What a person would have read off the page at one moment. */
interface Glance {
  readonly kind: string;
  readonly phase: string;
  readonly maintenance: string;
  readonly waited: string;
  readonly light: string;
  readonly tables: string;
}

it('shows a night beside the serving shop as it happens: rehearsal, live run, rollback', async () => {
  const { glances, told } = await wholeNight('beside');
  // Nobody was locked out, and nobody was told so.
  assert.ok(
    glances.every(({ maintenance }) => maintenance === 'not needed: production serves on'),
    told,
  );
  const last = glances.filter(({ kind }) => kind === 'live').at(-1);
  assert.match(last?.waited ?? '', /^\d.* at the switch, \d.* on the way back$/, told);
});

it('shows a night behind closed doors as it happens: rehearsal, live run, rollback', async () => {
  const { glances, told } = await wholeNight('in-place', '--in-place');
  assert.ok(
    glances.some(({ kind, maintenance }) => kind === 'live' && maintenance === 'ON'),
    told,
  );
  assert.equal(glances.filter(({ kind }) => kind === 'live').at(-1)?.maintenance, 'off');
});

/** Runs a demo, looks at it until it ends, and holds what was seen against what every night shows. */
async function wholeNight(
  name: string,
  ...options: readonly string[]
): Promise<{ readonly glances: readonly Glance[]; readonly told: string }> {
  let output = '';
  const folder = mkdtempSync(path.join(folders, `${name}-`));
  // PostgreSQL runs as somebody else and has to get through.
  chmodSync(folder, 0o755);
  const child = spawn(process.execPath, [DEMO, '--json', '--orders', '2000', ...options], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  demo = child;
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const dashboard = await serveState(path.join(await stageFolder(folder, child), 'state'));
  dashboards.push(dashboard);
  const { page, faults } = await chromium.visit({ locale: 'en-GB' });
  await page.goto(dashboard.url);
  await page.locator('.empty', { hasText: 'There is no run yet' }).waitFor();
  await keepScreenshot(page, `night-${name}-before`);

  const glances = await watchNight(page, name, () => child.exitCode !== null);
  assert.equal(child.exitCode, 0, output.slice(-3000));

  const seen = (test: (glance: Glance) => boolean): boolean => glances.some(test);
  const told = JSON.stringify(
    glances.map((glance) => Object.values(glance).join(' · ')),
    null,
    1,
  );
  assert.ok(
    seen(({ kind, phase }) => kind === 'rehearsal' && phase.startsWith('going forward')),
    told,
  );
  assert.ok(
    seen(({ kind, phase }) => kind === 'rehearsal' && phase.startsWith('rolling back')),
    told,
  );
  assert.ok(
    seen(({ kind, phase }) => kind === 'live' && phase.startsWith('going forward')),
    told,
  );
  assert.ok(
    seen(({ kind, phase, light }) => kind === 'live' && phase === 'succeeded' && light.endsWith('open')),
    told,
  );
  assert.ok(
    seen(({ kind, phase }) => kind === 'live' && phase.startsWith('rolling back')),
    told,
  );
  const last = glances.filter(({ kind }) => kind === 'live').at(-1);
  assert.equal(last?.phase, 'rolled back', told);
  // Customers bought between the switch and the way back: their rows came along, and nothing else differs.
  assert.match(last?.tables ?? '', /carried along/);
  assert.doesNotMatch(last?.tables ?? '', /differs/);
  assert.deepEqual(faults, []);
  await page.close();
  return { glances, told };
}

/** The stage makes its own folder; the dashboard may look into it before there is a run. */
async function stageFolder(folder: string, child: ChildProcess): Promise<string> {
  const untilMs = Date.now() + STAGE_MS_MAX;
  while (Date.now() < untilMs && child.exitCode === null) {
    const [found] = globSync(path.join(folder, 'roundtrip-demo-*'));
    if (found !== undefined) return found;
    await sleep(LOOK_EVERY_MS);
  }
  throw new Error(`the demo made no stage within ${STAGE_MS_MAX} ms (exit ${child.exitCode})`);
}

/** Every different glance until the demo ends; each kind of phase is looked at by axe and photographed once. */
async function watchNight(page: Page, name: string, ended: () => boolean): Promise<readonly Glance[]> {
  const glances: Glance[] = [];
  const examined = new Set<string>();
  while (!ended()) {
    const glance = await glanceAt(page);
    if (glance !== undefined && JSON.stringify(glance) !== JSON.stringify(glances.at(-1)))
      glances.push(glance);
    const chapter = glance === undefined ? '' : `${glance.kind}-${glance.phase.split(' · ')[0]}`;
    if (chapter !== '' && !examined.has(chapter)) {
      examined.add(chapter);
      await keepScreenshot(page, `night-${name}-${chapter.replaceAll(/[^a-z]+/gi, '-')}`);
      assert.deepEqual(await accessibilityProblems(page), [], chapter);
    }
    await sleep(LOOK_EVERY_MS);
  }
  return glances;
}

/** Undefined where there is nothing to see: before the first run, and once the stage is taken down. */
async function glanceAt(page: Page): Promise<Glance | undefined> {
  return page.evaluate(() => {
    const text = (selector: string): string => document.querySelector(selector)?.textContent?.trim() ?? '';
    // Alerts about the run itself, such as a deadline passed, depend on the hour at which the tests run and hide nothing.
    const untold = [...document.querySelectorAll('.banner.alert')].some(
      (alert) => !alert.closest('header.run'),
    );
    if (document.querySelector('header.run') === null || untold) return undefined;
    const facts = [...document.querySelectorAll('header.run .facts > div')];
    const factOf = (name: string): string =>
      facts.find((fact) => fact.querySelector('dt')?.textContent === name)?.querySelector('dd')
        ?.textContent ?? '';
    return {
      kind: document.documentElement.dataset.kind ?? '',
      phase: factOf('Phase'),
      maintenance: text('.maintenance'),
      waited: factOf('Customers waited'),
      light: text('.light'),
      tables: text('section[aria-labelledby="tables-title"]'),
    };
  });
}
