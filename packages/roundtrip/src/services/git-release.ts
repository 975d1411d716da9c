import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { Refused } from '../errors.ts';
import { runProcess } from '../process/run-process.ts';

/** A tag and the commit it points at. */
export interface PinnedRelease {
  readonly tag: string;
  readonly commit: string;
}

/** A release in a folder of its own. */
export interface DeployedRelease extends PinnedRelease {
  readonly path: string;
}

interface Revision extends PinnedRelease {
  /** Digest of the exported files, so that an edited tree is noticed. What `prepare` added is not in it. */
  readonly contentDigest: string;
  readonly files: readonly string[];
}

const GIT_TIMEOUT_MS = 60_000;
const REVISION = 'REVISION.json';

/**
 * The commit of a tag.
 *
 * @throws Refused `unknown-release`, naming the tags there are.
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
 * another name and renamed. One that is there already is used again if its files are still those of the commit.
 *
 * @throws Refused `tag-moved`, `release-dirty`; Failed from a prepare command.
 */
export async function deployRelease(options: {
  readonly repository: string;
  readonly tag: string;
  readonly commit: string;
  readonly releasesDirectory: string;
  readonly prepare?: readonly (readonly string[])[] | undefined;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}): Promise<DeployedRelease> {
  const { repository, tag, commit, releasesDirectory, timeoutMs, signal } = options;
  const now = await resolveRelease({ repository, tag });
  if (now.commit !== commit) {
    throw new Refused({
      code: 'tag-moved',
      seen: `tag ${tag} points at ${now.commit.slice(0, 12)}`,
      expected: `${commit.slice(0, 12)}, as planned and rehearsed`,
      next: 'find out who moved the tag; plan and rehearse again',
    });
  }
  const place = path.join(releasesDirectory, `${tag.replaceAll('/', '-')}-${commit.slice(0, 12)}`);
  if (existsSync(place)) {
    requireClean(place);
    return { path: place, tag, commit };
  }
  const making = `${place}.making-${randomBytes(3).toString('hex')}`;
  mkdirSync(making, { recursive: true });
  try {
    const archive = path.join(making, '.archive.tar');
    await git(repository, ['archive', '--format=tar', `--output=${archive}`, commit]);
    await runProcess(['tar', '-xf', archive, '-C', making], { timeoutMs, signal });
    rmSync(archive);
    const files = listFiles(making);
    for (const command of options.prepare ?? [])
      await runProcess(command, { cwd: making, timeoutMs, signal });
    // After preparing: what a prepare command made of an exported file is what shall be found again.
    const revision: Revision = { tag, commit, contentDigest: digestFiles(making, files), files };
    writeFileSync(path.join(making, REVISION), JSON.stringify(revision), { flush: true });
    renameSync(making, place);
  } catch (error) {
    rmSync(making, { recursive: true, force: true });
    throw error;
  }
  return { path: place, tag, commit };
}

/** Points `<releasesDirectory>/current` at a release, atomically: readers see the old or the new one. */
export async function activateRelease({
  releasesDirectory,
  release,
}: {
  readonly releasesDirectory: string;
  readonly release: string;
}): Promise<void> {
  if (readRevision(release) === undefined) {
    throw new Refused({
      code: 'release-incomplete',
      seen: `${release} has no ${REVISION}`,
      expected: 'a release that was exported and prepared to its end',
      next: 'deploy it first; `current` still points at what it did',
    });
  }
  const link = path.join(releasesDirectory, `.current-${randomBytes(3).toString('hex')}`);
  symlinkSync(path.relative(releasesDirectory, release), link);
  renameSync(link, path.join(releasesDirectory, 'current'));
}

/** The release that `current` points at; undefined when there is no such link. */
export async function currentRelease({
  releasesDirectory,
}: {
  readonly releasesDirectory: string;
}): Promise<DeployedRelease | undefined> {
  const link = path.join(releasesDirectory, 'current');
  if (!existsSync(link)) return undefined;
  const place = path.join(realpathSync(releasesDirectory), path.basename(realpathSync(link)));
  const revision = readRevision(place);
  return revision === undefined ? undefined : { path: place, tag: revision.tag, commit: revision.commit };
}

function requireClean(place: string): void {
  const revision = readRevision(place);
  if (revision !== undefined && digestFiles(place, revision.files) === revision.contentDigest) return;
  throw new Refused({
    code: 'release-dirty',
    seen: `the files in ${place} are not those of its commit`,
    expected: 'a release as it was exported',
    next: 'find out who edited it, then remove the folder: it is exported anew',
  });
}

function readRevision(place: string): Revision | undefined {
  const file = path.join(place, REVISION);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Revision) : undefined;
}

function listFiles(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
    (entry) => !entry.isDirectory(),
  );
  return entries.map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name))).sort();
}

function digestFiles(folder: string, files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const name of files) {
    const file = path.join(folder, name);
    if (!existsSync(file) && !isLink(file)) return `missing ${name}`;
    const content = isLink(file) ? readlinkSync(file) : readFileSync(file);
    hash.update(`${name}\0${Buffer.byteLength(content)}\0`).update(content);
  }
  return hash.digest('hex');
}

function isLink(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() === true;
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
