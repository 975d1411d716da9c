import { existsSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { Failed } from '../../errors.ts';

const WEB = fileURLToPath(new URL('../web', import.meta.url));

/**
 * Builds the pages of the dashboard into the folder `built`: aside, and renamed, because two processes may build at once,
 * and neither may read half of what the other writes. A packed package brings its pages and leaves this file out.
 *
 * @throws Failed `dashboard-not-built` with the builder's own words.
 * @example await buildWeb('/srv/roundtrip/pages')
 */
export async function buildWeb(built: string): Promise<void> {
  const aside = `${built}.${process.pid}`;
  try {
    await build({
      root: WEB,
      configFile: path.join(WEB, 'vite.config.ts'),
      logLevel: 'error',
      build: { outDir: aside },
    });
  } catch (cause) {
    rmSync(aside, { recursive: true, force: true });
    throw new Failed({
      code: 'dashboard-not-built',
      seen: `building ${WEB}: ${(cause as Error).message}`,
      expected: 'the pages of the dashboard, built from their sources',
      next: 'run `npm install`; `roundtrip status` shows the same facts without them',
      cause,
    });
  }
  try {
    renameSync(aside, built);
  } catch (error) {
    // Another process was first, with the same sources.
    rmSync(aside, { recursive: true, force: true });
    if (!existsSync(built)) throw error;
  }
}
