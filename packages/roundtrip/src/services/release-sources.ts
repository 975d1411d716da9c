import { type RunProcessResult, runProcess } from '../process/run-process.ts';

/** A file of a release by its path in the repository. */
export interface ReleaseSource {
  readonly name: string;
  readonly text: string;
}

const GIT_TIMEOUT_MS = 60_000;
const FILE_BYTES_MAX = 16 << 20;

/**
 * Files that a commit has under a folder and another commit has not: the migrations that a release brings. In the order of their
 * names, as migrations are numbered.
 *
 * @throws Failed `process-failed` where the repository lacks a commit.
 * @example await addedSources({ repository, from, to, folder: 'migrations', ends: '.sql' })
 */
export async function addedSources(options: {
  readonly repository: string;
  readonly from: string;
  readonly to: string;
  readonly folder: string;
  readonly ends: string;
}): Promise<readonly ReleaseSource[]> {
  const { repository, from, to, folder, ends } = options;
  const named = async (commit: string): Promise<readonly string[]> =>
    (await git(repository, 'ls-tree', '-r', '-z', '--name-only', commit, '--', `${folder}/`)).stdout
      .split('\0')
      .map((name) => name.trim())
      .filter((name) => name.endsWith(ends));
  const before = new Set(await named(from));
  const sources: ReleaseSource[] = [];
  for (const name of (await named(to)).filter((candidate) => !before.has(candidate)).sort())
    sources.push({ name, text: (await git(repository, 'show', `${to}:${name}`)).stdout });
  return sources;
}

function git(repository: string, ...argv: readonly string[]): Promise<RunProcessResult> {
  // As where releases are exported from: the repository alone, whatever the operator's own git configuration says.
  const env = {
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'safe.directory',
    GIT_CONFIG_VALUE_0: '*',
  };
  return runProcess(['git', '-C', repository, ...argv], {
    env,
    timeoutMs: GIT_TIMEOUT_MS,
    outputBytesMax: FILE_BYTES_MAX,
  });
}
