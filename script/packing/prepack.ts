/**
 * npm runs it in the folder of a package before `npm pack`: compiles the sources into dist/ and puts the published
 * manifest in place of the workspace's, which `postpack.ts` brings back. The workspace's manifest is away for less than a
 * second, after the build, and whoever imports the package in that second gets the build of the same sources.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Manifest, publishedManifest } from './published-manifest.ts';
import { restoreManifest, WORKSPACE_MANIFEST } from './restore-manifest.ts';

const folder = process.cwd();
// A pack that was killed left the published manifest.
restoreManifest(folder);

const dist = path.join(folder, 'dist');
rmSync(dist, { recursive: true, force: true });
const compiler = fileURLToPath(new URL('bin/tsc', import.meta.resolve('typescript/package.json')));
execFileSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], { cwd: folder, stdio: 'inherit' });
// The compiler copies the manifest that the version is read from: the package has it at its root.
rmSync(path.join(dist, 'package.json'), { force: true });

const buildWeb = path.join(folder, 'src/dashboard/server/build-web.ts');
if (existsSync(buildWeb)) {
  const pages = (await import(pathToFileURL(buildWeb).href)) as { buildWeb(built: string): Promise<void> };
  await pages.buildWeb(path.join(dist, 'src/dashboard/pages'));
  for (const left of ['build-web.js', 'build-web.d.ts'])
    rmSync(path.join(dist, 'src/dashboard/server', left));
}

const file = path.join(folder, 'package.json');
const manifest = JSON.parse(readFileSync(file, 'utf8')) as Manifest;
writeFileSync(`${file}.published`, `${JSON.stringify(publishedManifest(manifest), null, 2)}\n`);
renameSync(file, path.join(folder, WORKSPACE_MANIFEST));
renameSync(`${file}.published`, file);
