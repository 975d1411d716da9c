import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { openBrowser } from 'browser-test';

const ROOT = path.resolve(import.meta.dirname, '../..');
const SERVED_MS_MAX = 30_000;

/**
 * Photographs the dashboard of the newest run, in light and in dark: `<folder>/dashboard-light.png`, `-dark.png`.
 *
 * @example await photographDashboard({ environment: { ROUNDTRIP_STATE: '/srv/roundtrip' }, folder: 'docs/pictures' })
 */
export async function photographDashboard(options: {
  readonly environment: Readonly<Record<string, string>>;
  readonly folder: string;
}): Promise<void> {
  const bin = path.join(ROOT, 'packages/roundtrip/bin/roundtrip.ts');
  const serving = spawn(process.execPath, [bin, 'serve'], {
    env: { ...process.env, ...options.environment },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const chromium = await openBrowser();
  try {
    const [url] = (await once(serving.stdout, 'data', { signal: AbortSignal.timeout(SERVED_MS_MAX) })) as [
      Buffer,
    ];
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page } = await chromium.visit({
        colorScheme,
        locale: 'en-GB',
        viewport: { width: 1180, height: 700 },
      });
      await page.goto(url.toString().trim());
      await page.locator('.light').waitFor();
      // The window of this runbook is a whole day; the run would be a line in it.
      await page.getByRole('radio', { name: 'Actual' }).check();
      await page.screenshot({
        path: path.join(options.folder, `dashboard-${colorScheme}.png`),
        fullPage: true,
      });
    }
  } finally {
    await chromium.close();
    serving.kill('SIGINT');
    await once(serving, 'close');
  }
}
