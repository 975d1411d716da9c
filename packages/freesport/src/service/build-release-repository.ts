import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { ShopError } from '../errors.ts';
import { type ReleaseVersion, releaseRoot } from '../release.ts';

const execute = promisify(execFile);

/** What a release is made of, below `packages/`. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  freesport: ['package.json', 'release.json', 'bin', 'migrations', 'src'],
  commerceml: ['package.json', 'bin', 'src'],
};

/** What 13.3 does not know of. */
const ONLY_13_4 = [
  'freesport/migrations/variants',
  'freesport/src/catalogue/variants',
  'freesport/src/releases/13-4.ts',
  'freesport/src/commands/import-products-from-1c.ts',
  'freesport/src/onec',
  'freesport/src/admin',
];

/** The tags are dated, so that the same sources give the same commits on every machine. */
const RELEASE_DATES: Readonly<Record<ReleaseVersion, string>> = {
  '13.3': '2025-11-20T12:00:00+03:00',
  '13.4': '2025-11-30T12:00:00+03:00',
};

/** A git repository with both releases of the shop. */
export interface ReleaseRepository {
  readonly repository: string;
  /** Tag → commit. */
  readonly tags: Readonly<Record<string, string>>;
}

/**
 * Makes a git repository at `out` with annotated tags `v13.3` and `v13.4` of this tree's sources. A checkout of either
 * runs once a `node_modules` with the dependencies lies beside its `packages` (a link will do: the packages themselves
 * are addressed by their real path, because Node strips no types below `node_modules`).
 *
 * @throws ShopError `refused` where `out` is not empty; `failed` where git fails.
 * @example
 * const { tags } = await buildReleaseRepository('/srv/freesport.git');
 */
export async function buildReleaseRepository(out: string): Promise<ReleaseRepository> {
  const repository = path.resolve(out);
  if (existsSync(repository) && readdirSync(repository).length > 0) {
    throw new ShopError('refused', `${repository} is not empty; name a new folder`);
  }
  mkdirSync(repository, { recursive: true });
  await git(repository, ['init', '--quiet', '--initial-branch=main']);
  const tags: Record<string, string> = {};
  for (const version of ['13.3', '13.4'] as const) {
    for (const entry of readdirSync(repository)) {
      if (entry !== '.git') rmSync(path.join(repository, entry), { recursive: true });
    }
    writeTree(repository, version);
    const date = RELEASE_DATES[version];
    await git(repository, ['add', '--all']);
    await git(repository, ['commit', '--quiet', '--message', `Release ${version}`], date);
    await git(repository, ['tag', '--annotate', `v${version}`, '--message', `FREESPORT ${version}`], date);
    tags[`v${version}`] = await git(repository, ['rev-parse', `v${version}^{commit}`]);
  }
  return { repository, tags };
}

function writeTree(repository: string, version: ReleaseVersion): void {
  const sources = path.resolve(releaseRoot, '..');
  for (const [name, entries] of Object.entries(PACKAGES)) {
    for (const entry of entries) {
      const from = path.join(sources, name, entry);
      if (existsSync(from)) cpSync(from, path.join(repository, 'packages', name, entry), { recursive: true });
    }
  }
  writeFileSync(path.join(repository, 'packages/freesport/release.json'), `${JSON.stringify({ version })}\n`);
  writeFileSync(
    path.join(repository, 'package.json'),
    `${JSON.stringify({ name: 'freesport-release', private: true, version: `${version}.0`, type: 'module' })}\n`,
  );
  writeFileSync(path.join(repository, '.gitignore'), '/node_modules\n');
  // The release's own reader of 1C, not the one of whatever workspace lends its node_modules.
  mkdirSync(path.join(repository, 'packages/freesport/node_modules'), { recursive: true });
  symlinkSync('../../commerceml', path.join(repository, 'packages/freesport/node_modules/commerceml'));
  if (version === '13.4') return;
  for (const entry of ONLY_13_4)
    rmSync(path.join(repository, 'packages', entry), { recursive: true, force: true });
}

async function git(cwd: string, argv: readonly string[], date?: string): Promise<string> {
  // Nothing of the machine's own git configuration (signing, hooks, templates) may change what is built.
  const identity = [
    '-c',
    'user.name=FREESPORT',
    '-c',
    'user.email=release@example.com',
    '-c',
    'commit.gpgsign=false',
    '-c',
    'tag.gpgsign=false',
    '-c',
    'core.hooksPath=/dev/null',
    '-c',
    'core.autocrlf=false',
  ];
  try {
    const { stdout } = await execute('git', [...identity, ...argv], {
      cwd,
      env: {
        ...process.env,
        GIT_CONFIG_GLOBAL: '/dev/null',
        GIT_CONFIG_NOSYSTEM: '1',
        ...(date === undefined ? {} : { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date }),
      },
    });
    return stdout.trim();
  } catch (cause) {
    throw new ShopError('failed', `git ${argv[0]} failed in ${cwd}; is git installed?`, { cause });
  }
}
