import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { digestOf, sha256 } from '../../digest.ts';

/** A file of the built dashboard, in memory: what is not in the list cannot be asked for. */
export interface WebFile {
  readonly type: string;
  readonly body: Buffer;
}

const DASHBOARD = fileURLToPath(new URL('..', import.meta.url));
const WEB = path.join(DASHBOARD, 'web');
const DIST = path.join(DASHBOARD, 'dist');
/** Where a packed package brings its pages; it has no sources of them. */
const PACKED = path.join(DASHBOARD, 'pages');

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * The pages of the dashboard by URL path: those that a packed package brings, or, in a checkout, built first where no
 * build of these very sources is there. Built files are not committed, so that what is served is what the sources say.
 *
 * @throws Failed `dashboard-not-built` with the builder's own words.
 * @example (await webFiles()).get('/')
 */
export async function webFiles(): Promise<ReadonlyMap<string, WebFile>> {
  const built = existsSync(WEB) ? path.join(DIST, stampOfSources()) : PACKED;
  // Imported only here: the builder is heavy, and nothing else of the tool needs it.
  if (!existsSync(built)) await (await import('./build-web.ts')).buildWeb(built);
  const files = globSync('**/*', { cwd: built }).filter((name) => statSync(path.join(built, name)).isFile());
  return new Map(
    files.map((name) => [
      name === 'index.html' ? '/' : `/${name.split(path.sep).join('/')}`,
      {
        type: TYPES[path.extname(name)] ?? 'application/octet-stream',
        body: readFileSync(path.join(built, name)),
      },
    ]),
  );
}

/** By content: the times of files say nothing after a checkout. */
function stampOfSources(): string {
  const sources = ['web/**/*', 'view/*-view.ts'].flatMap((pattern) => globSync(pattern, { cwd: DASHBOARD }));
  const files = sources.filter((name) => statSync(path.join(DASHBOARD, name)).isFile()).sort();
  return digestOf(files.map((name) => [name, sha256(readFileSync(path.join(DASHBOARD, name)))])).slice(0, 16);
}
