import { execFileSync } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import path from 'node:path';
import { ClusterError } from './errors.ts';

/** The server programs that a cluster needs: a client-only installation lacks them. */
const REQUIRED = ['initdb', 'postgres', 'pg_ctl'];

/**
 * The folder of the newest installed PostgreSQL server's programs.
 *
 * Looked for in this order: `ROUNDTRIP_PG_BIN`, `/usr/lib/postgresql/<major>/bin` (Debian keeps servers there, off
 * the PATH), `pg_config --bindir`, Homebrew.
 *
 * @throws ClusterError `binaries-missing`, naming every folder that was tried.
 * @example const bin = findBinaries(); // "/usr/lib/postgresql/15/bin"
 */
export function findBinaries(environment: NodeJS.ProcessEnv = process.env): string {
  const candidates = [
    environment.ROUNDTRIP_PG_BIN,
    ...newestFirst(globSync('/usr/lib/postgresql/*/bin')),
    pgConfigBindir(),
    ...newestFirst(globSync('/opt/homebrew/opt/postgresql@*/bin')),
    ...newestFirst(globSync('/usr/local/opt/postgresql@*/bin')),
  ].filter((folder): folder is string => folder !== undefined && folder !== '');
  for (const folder of candidates) {
    if (REQUIRED.every((program) => existsSync(path.join(folder, program)))) return folder;
  }
  throw new ClusterError(
    'binaries-missing',
    `no PostgreSQL server programs (${REQUIRED.join(', ')}) in: ${candidates.join(', ') || 'any known folder'}. ` +
      'Next: install them (Debian: apt-get install postgresql) or set ROUNDTRIP_PG_BIN to their folder.',
  );
}

function newestFirst(folders: readonly string[]): string[] {
  return [...folders].sort((a, b) => majorOf(b) - majorOf(a));
}

function majorOf(folder: string): number {
  return Number(/(\d+)\/bin$/.exec(folder)?.[1] ?? 0);
}

function pgConfigBindir(): string | undefined {
  try {
    return execFileSync('pg_config', ['--bindir'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
