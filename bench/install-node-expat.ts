import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const VERSION = '2.4.1';
const COMPILE_MS = 300_000;

/** Compiled for the interface of one major of Node. */
const FOLDER = path.join(
  import.meta.dirname,
  `../node_modules/.cache/node-expat-${VERSION}-${process.versions.modules}`,
);

/** Where `node-expat` can be required from once `installNodeExpat` has come to its end. */
export const NODE_EXPAT_PARENT = path.join(FOLDER, 'package.json');

/**
 * Installs `node-expat`, which compiles itself, for the Node that runs this. It is no dependency of the bench because `npm install` runs
 * under the machine's own Node, which may be an older one, and would compile it for that.
 *
 * @throws Error of npm where there is no compiler.
 * @example await installNodeExpat();
 */
export async function installNodeExpat(): Promise<void> {
  if (existsSync(path.join(FOLDER, 'node_modules/node-expat/build/Release/node_expat.node'))) return;
  await mkdir(FOLDER, { recursive: true });
  await writeFile(NODE_EXPAT_PARENT, '{ "private": true }\n');
  await promisify(execFile)(
    'npm',
    ['install', `node-expat@${VERSION}`, '--no-audit', '--no-fund', '--foreground-scripts'],
    { cwd: FOLDER, timeout: COMPILE_MS, env: { ...process.env, npm_config_nodedir: headersFolder() } },
  );
}

/** The folder whose `include/node` has the headers of this Node: beside its program, or in npm's package of it. */
function headersFolder(): string | undefined {
  const prefix = path.join(path.dirname(process.execPath), '..');
  const packaged = path.join(prefix, `node_modules/node-${process.platform}-${process.arch}`);
  return [prefix, packaged].find((folder) => existsSync(path.join(folder, 'include/node/node.h')));
}
