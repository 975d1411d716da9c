import { createHash } from 'node:crypto';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runProcess } from '../process/run-process.ts';

/** Files of a release by name: kind, then the digest of the content. `x` executable, `-` not, `l` a link, `d` a repository within. */
export type ReleaseFiles = Readonly<Record<string, string>>;

const GIT_TIMEOUT_MS = 60_000;

/**
 * What a release is made of: the exported files, and all others that its `.gitignore` does not leave out. So what git would call
 * dirty is what counts; caches and installed dependencies do not.
 *
 * @example await readReleaseFiles('/srv/releases/v13.4-0123', { exported: ['bin/shop'] }) // { 'bin/shop': 'x 9f86…' }
 */
export async function readReleaseFiles(
  folder: string,
  { exported, except }: { readonly exported: readonly string[]; readonly except: string },
): Promise<ReleaseFiles> {
  const names = new Set([...exported, ...(await notIgnored(folder))]);
  names.delete(except);
  const files = [...names].sort().map((name) => [name, fileDigest(path.join(folder, name))] as const);
  return Object.fromEntries(files.filter(([, digest]) => digest !== undefined)) as ReleaseFiles;
}

/**
 * In what a release differs from how it was made; empty where it does not.
 *
 * @example differingFiles({ a: '- 1', b: '- 2' }, { a: 'x 1', c: '- 3' }) // ['a: mode changed', 'b: missing', 'c: added']
 */
export function differingFiles(made: ReleaseFiles, now: ReleaseFiles): readonly string[] {
  return [...new Set([...Object.keys(made), ...Object.keys(now)])].sort().flatMap((name) => {
    const [before, after] = [made[name], now[name]];
    if (before === after) return [];
    if (before === undefined) return [`${name}: added`];
    if (after === undefined) return [`${name}: missing`];
    const sameContent =
      before.slice(1) === after.slice(1) && /^[x-][x-]$/.test(before.slice(0, 1) + after.slice(0, 1));
    return [`${name}: ${sameContent ? 'mode changed' : 'changed'}`];
  });
}

/** Every file below a folder, links as themselves. */
export function listFiles(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
}

/** Git itself reads the `.gitignore` files; an empty repository elsewhere makes every file an untracked one. */
async function notIgnored(folder: string): Promise<readonly string[]> {
  const empty = mkdtempSync(path.join(tmpdir(), 'roundtrip-git-'));
  const git = (...argv: string[]) =>
    runProcess(['git', '-c', 'core.excludesFile=/dev/null', ...argv], {
      cwd: folder,
      env: {
        GIT_CONFIG_GLOBAL: '/dev/null',
        GIT_CONFIG_NOSYSTEM: '1',
        GIT_DIR: empty,
        GIT_WORK_TREE: folder,
      },
      timeoutMs: GIT_TIMEOUT_MS,
      outputBytesMax: Number.MAX_SAFE_INTEGER,
    });
  try {
    await git('init', '--quiet', '--template=');
    const { stdout } = await git('ls-files', '--others', '--exclude-standard', '-z');
    return stdout.split('\0').filter((name) => name !== '\n');
  } finally {
    rmSync(empty, { recursive: true, force: true });
  }
}

function fileDigest(file: string): string | undefined {
  const stat = lstatSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  if (stat.isDirectory()) return 'd';
  const content = stat.isSymbolicLink() ? readlinkSync(file) : stat.isFile() ? readFileSync(file) : '';
  const kind = stat.isSymbolicLink() ? 'l' : (stat.mode & 0o111) === 0 ? '-' : 'x';
  return `${kind} ${createHash('sha256').update(content).digest('hex')}`;
}
