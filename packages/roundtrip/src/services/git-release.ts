import { randomBytes } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { Refused } from '../errors.ts';
import { type RunProcessOptions, runProcess } from '../process/run-process.ts';
import { differingFiles, listFiles, type ReleaseFiles, readReleaseFiles } from './release-files.ts';

/** A tag and the commit it points at. */
export interface PinnedRelease {
  readonly tag: string;
  readonly commit: string;
}

/** A release in a folder of its own. */
export interface DeployedRelease extends PinnedRelease {
  readonly path: string;
}

/** What stands in `REVISION.json` of a release that is complete. */
interface Revision extends PinnedRelease {
  readonly exported: readonly string[];
  /** As preparing left them, so that an edit, an added file or a changed mode is noticed. */
  readonly files: ReleaseFiles;
}

const GIT_TIMEOUT_MS = 60_000;
const REVISION = 'REVISION.json';
const MAKING = '.making-';
const FILES_NAMED_MAX = 10;

/**
 * The commit of a tag.
 *
 * @throws Refused `unknown-release`, naming the tags there are.
 * @example (await resolveRelease({ repository: '/srv/shop.git', tag: 'v13.4' })).commit
 */
export async function resolveRelease({
  repository,
  tag,
}: {
  readonly repository: string;
  readonly tag: string;
}): Promise<PinnedRelease> {
  const { exitCode, stdout } = await git(
    repository,
    ['rev-parse', '--verify', '--quiet', `refs/tags/${tag}^{commit}`],
    [0, 1, 128],
  );
  if (exitCode === 0) return { tag, commit: stdout.trim() };
  const tags = existsSync(repository)
    ? (await git(repository, ['tag', '--sort=-creatordate'], [0, 128])).stdout.trim().split('\n')
    : [];
  throw new Refused({
    code: 'unknown-release',
    seen: `no tag ${tag} in ${repository}`,
    expected: `one of: ${tags.slice(0, 10).join(', ') || '(no tags)'}`,
    next: 'fetch the tags, or correct `releases` in the runbook',
  });
}

/**
 * Exports a tag into `<releasesDirectory>/<tag>-<commit>`: complete or not there at all, since it is made under
 * another name and renamed. One that is there already is used again if its files are still as they were made. What a killed
 * attempt left half made is removed.
 *
 * @throws Refused `tag-moved`, `release-dirty`; Failed from a prepare command.
 * @example await deployRelease({ repository, tag, commit, releasesDirectory, prepare: [['npm', 'ci']], timeoutMs: 300_000 })
 */
export async function deployRelease(options: {
  readonly repository: string;
  readonly tag: string;
  readonly commit: string;
  readonly releasesDirectory: string;
  readonly prepare?: readonly (readonly string[])[] | undefined;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly onSpawn?: RunProcessOptions['onSpawn'];
}): Promise<DeployedRelease> {
  const { repository, tag, commit, releasesDirectory, timeoutMs, signal, onSpawn } = options;
  const now = await resolveRelease({ repository, tag });
  if (now.commit !== commit) {
    throw new Refused({
      code: 'tag-moved',
      seen: `tag ${tag} points at ${now.commit.slice(0, 12)}`,
      expected: `${commit.slice(0, 12)}, as planned and rehearsed`,
      next: 'find out who moved the tag; plan and rehearse again',
    });
  }
  const place = releaseFolder({ releasesDirectory, tag, commit });
  removeHalfMade(place);
  if (existsSync(place)) {
    requireClean(place, await editedFiles(place));
    return { path: place, tag, commit };
  }
  const making = `${place}${MAKING}${randomBytes(3).toString('hex')}`;
  mkdirSync(making, { recursive: true });
  try {
    const archive = path.join(making, '.archive.tar');
    await git(repository, ['archive', '--format=tar', `--output=${archive}`, commit]);
    await runProcess(['tar', '-xf', archive, '-C', making], { timeoutMs, signal, onSpawn });
    rmSync(archive);
    const exported = listFiles(making);
    for (const command of options.prepare ?? [])
      await runProcess(command, { cwd: making, timeoutMs, signal, onSpawn });
    // After preparing: what a prepare command made of an exported file is what shall be found again.
    const files = await readReleaseFiles(making, { exported, except: REVISION });
    const revision: Revision = { tag, commit, exported, files };
    writeFileSync(path.join(making, REVISION), JSON.stringify(revision), { flush: true });
    renameSync(making, place);
  } catch (error) {
    rmSync(making, { recursive: true, force: true });
    throw error;
  }
  return { path: place, tag, commit };
}

/**
 * Where a release is, or will be, once it is exported.
 *
 * @example releaseFolder({ releasesDirectory: '/srv/releases', tag: 'v13.4', commit: '0c9ff2d1a2b3c4' }) // '/srv/releases/v13.4-0c9ff2d1a2b3'
 */
export function releaseFolder(options: {
  readonly releasesDirectory: string;
  readonly tag: string;
  readonly commit: string;
}): string {
  const { releasesDirectory, tag, commit } = options;
  return path.join(releasesDirectory, `${tag.replaceAll('/', '-')}-${commit.slice(0, 12)}`);
}

/** Links into the releases directory: `current` is what production runs, `next` what is tried beside it. */
export type ReleaseLink = 'current' | 'next';

/**
 * Points `<releasesDirectory>/current` at a release, atomically: readers see the old or the new one. Says in what the
 * release differs from how it was made. Forward, such a one is refused; on the way back at 02:00 it is
 * what production ran before, edits included, and is gone back to (`edited: 'tell'`).
 *
 * @throws Refused `release-incomplete`, `release-dirty`.
 * @example await activateRelease({ releasesDirectory: '/srv/shop/releases', release: deployed.path })
 */
export async function activateRelease({
  releasesDirectory,
  release,
  link = 'current',
  edited = 'refuse',
}: {
  readonly releasesDirectory: string;
  readonly release: string;
  readonly link?: ReleaseLink | undefined;
  readonly edited?: 'refuse' | 'tell' | undefined;
}): Promise<{ readonly edited: readonly string[] }> {
  if (!existsSync(release) || (edited === 'refuse' && readRevision(release) === undefined)) {
    throw new Refused({
      code: 'release-incomplete',
      seen: `${release} ${existsSync(release) ? `has no ${REVISION}` : 'is not there'}`,
      expected: 'a release that was exported and prepared to its end',
      next: `deploy it first; \`${link}\` still points at what it did`,
    });
  }
  const differing = edited === 'refuse' ? await editedFiles(release) : await editedIfKnown(release);
  if (edited === 'refuse') requireClean(release, differing);
  const making = path.join(releasesDirectory, `.${link}.roundtrip`);
  rmSync(making, { force: true });
  symlinkSync(path.relative(releasesDirectory, release), making);
  renameSync(making, path.join(releasesDirectory, link));
  return { edited: differing };
}

/** Takes the link `next` away; the release stays. Can be repeated. */
export function removeNextRelease({ releasesDirectory }: { readonly releasesDirectory: string }): void {
  rmSync(path.join(releasesDirectory, 'next'), { force: true });
}

/**
 * The release that `current` (or `next`) points at; undefined when there is no such link, or it points at something that was not
 * deployed by Roundtrip.
 *
 * @throws Refused `release-link-broken`: a link to nothing is not the same as no link.
 */
export async function currentRelease({
  releasesDirectory,
  link: name = 'current',
}: {
  readonly releasesDirectory: string;
  readonly link?: ReleaseLink | undefined;
}): Promise<DeployedRelease | undefined> {
  const link = path.join(releasesDirectory, name);
  const stat = lstatSync(link, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  if (!stat.isSymbolicLink() || !existsSync(link)) {
    throw new Refused({
      code: 'release-link-broken',
      seen: `${link} ${stat.isSymbolicLink() ? 'points at nothing' : 'is no link'}`,
      expected: 'a link to the release that runs',
      next: 'find out who removed that release, and point the link at the one that production runs',
    });
  }
  const place = path.join(realpathSync(releasesDirectory), path.basename(realpathSync(link)));
  const revision = readRevision(place);
  return revision === undefined ? undefined : { path: place, tag: revision.tag, commit: revision.commit };
}

/** In what a release differs from how it was made: `['bin/shop: mode changed', 'extra.py: added']`. */
export async function editedFiles(release: string): Promise<readonly string[]> {
  const revision = readRevision(release);
  if (revision === undefined || Array.isArray(revision.files) || revision.exported === undefined)
    return [
      `${REVISION}: ${revision === undefined ? 'missing or broken' : 'of another version of Roundtrip'}`,
    ];
  const { exported, files } = revision;
  return differingFiles(files, await readReleaseFiles(release, { exported, except: REVISION }));
}

/** No look at the files may stand in the way back: a full disk is reason enough for one to fail. */
async function editedIfKnown(release: string): Promise<readonly string[]> {
  try {
    return await editedFiles(release);
  } catch (error) {
    return [`not compared: ${(error as Error).message}`];
  }
}

function requireClean(place: string, differing: readonly string[]): void {
  if (differing.length === 0) return;
  throw new Refused({
    code: 'release-dirty',
    seen: `the files in ${place} are not as they were made: ${differing.slice(0, FILES_NAMED_MAX).join(', ')}${differing.length > FILES_NAMED_MAX ? ` and ${differing.length - FILES_NAMED_MAX} more` : ''}`,
    expected: 'a release as it was exported and prepared',
    next: 'find out who edited it, then remove the folder: it is exported anew; what the application writes belongs into .gitignore',
    fields: { files: differing },
  });
}

/** One operator at a time: what is half made under such a name is of an attempt that was killed. */
function removeHalfMade(place: string): void {
  const folder = path.dirname(place);
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    if (name.startsWith(`${path.basename(place)}${MAKING}`))
      rmSync(path.join(folder, name), { recursive: true, force: true });
  }
}

function readRevision(place: string): Revision | undefined {
  const file = path.join(place, REVISION);
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Revision;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined; // Half a file is as good as none: the release is not complete.
    throw error;
  }
}

function git(repository: string, argv: readonly string[], okExitCodes: readonly number[] = [0]) {
  // The tag is read from the repository alone, whatever the operator's own git configuration says.
  const env = {
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'safe.directory',
    GIT_CONFIG_VALUE_0: '*',
  };
  return runProcess(['git', '-C', repository, ...argv], { env, timeoutMs: GIT_TIMEOUT_MS, okExitCodes });
}
