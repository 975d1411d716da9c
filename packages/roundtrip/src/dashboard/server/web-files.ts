import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Failed } from '../../errors.ts';

/** A file of the built dashboard, in memory: what is not in the list cannot be asked for. */
export interface WebFile {
  readonly type: string;
  readonly body: Buffer;
}

const DASHBOARD = fileURLToPath(new URL('..', import.meta.url));
const WEB = path.join(DASHBOARD, 'web');
const DIST = path.join(DASHBOARD, 'dist');

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * The pages of the dashboard by URL path, built first where a source is newer than what was built. Built files are not
 * committed, so that what is served is always what the sources say.
 *
 * @throws Failed `dashboard-not-built` with the builder's own words.
 * @example (await webFiles()).get('/')
 */
export async function webFiles(): Promise<ReadonlyMap<string, WebFile>> {
  if (isOutdated()) await buildWeb();
  const files = globSync('**/*', { cwd: DIST }).filter((name) => statSync(path.join(DIST, name)).isFile());
  return new Map(
    files.map((name) => [
      name === 'index.html' ? '/' : `/${name.split(path.sep).join('/')}`,
      {
        type: TYPES[path.extname(name)] ?? 'application/octet-stream',
        body: readFileSync(path.join(DIST, name)),
      },
    ]),
  );
}

function isOutdated(): boolean {
  const built = path.join(DIST, 'index.html');
  if (!existsSync(built)) return true;
  const builtMs = statSync(built).mtimeMs;
  const sources = [
    ...globSync('web/**/*', { cwd: DASHBOARD }),
    ...globSync('view/*-view.ts', { cwd: DASHBOARD }),
  ];
  return sources.some((name) => statSync(path.join(DASHBOARD, name)).mtimeMs > builtMs);
}

async function buildWeb(): Promise<void> {
  try {
    // Only here: the builder is heavy, and nothing else of the tool needs it.
    const { build } = await import('vite');
    await build({ root: WEB, configFile: path.join(WEB, 'vite.config.ts'), logLevel: 'error' });
  } catch (cause) {
    throw new Failed({
      code: 'dashboard-not-built',
      seen: `building ${WEB}: ${(cause as Error).message}`,
      expected: 'the pages of the dashboard, built from their sources',
      next: 'run `npm install`; `roundtrip status` shows the same facts without them',
      cause,
    });
  }
}
