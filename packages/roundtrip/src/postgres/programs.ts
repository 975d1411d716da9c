import { existsSync, globSync } from 'node:fs';
import path from 'node:path';
import { Refused } from '../errors.ts';
import { runProcess } from '../process/run-process.ts';

const REQUIRED = ['pg_dump', 'pg_restore', 'pg_dumpall'];

/** PostgreSQL's client programs. */
export interface Programs {
  readonly directory: string;
  readonly major: number;
}

/**
 * The newest client programs: `ROUNDTRIP_PG_BIN` when set, else Debian's folders, `pg_config --bindir`, Homebrew.
 *
 * @throws Refused `programs-missing`, naming what was searched.
 */
export async function findPrograms(environment: NodeJS.ProcessEnv = process.env): Promise<Programs> {
  const pinned = environment.ROUNDTRIP_PG_BIN;
  const folders =
    pinned !== undefined && pinned !== ''
      ? [pinned]
      : [
          ...globSync('/usr/lib/postgresql/*/bin'),
          ...(await pgConfigFolder()),
          ...globSync('/opt/homebrew/opt/postgresql@*/bin'),
        ];
  const usable = folders.filter((folder) =>
    REQUIRED.every((program) => existsSync(path.join(folder, program))),
  );
  const versions = await Promise.all(
    usable.map(async (directory) => ({ directory, major: await majorOf(directory) })),
  );
  const newest = versions.sort((a, b) => b.major - a.major)[0];
  if (newest !== undefined) return newest;
  throw new Refused({
    code: 'programs-missing',
    seen: `no ${REQUIRED.join(', ')} in ${folders.join(', ') || 'any known folder'}`,
    expected: "PostgreSQL's client programs",
    next: 'install them (Debian: apt-get install postgresql-client) or set ROUNDTRIP_PG_BIN',
  });
}

async function pgConfigFolder(): Promise<string[]> {
  try {
    return [(await runProcess(['pg_config', '--bindir'], { timeoutMs: 10_000 })).stdout.trim()];
  } catch {
    return []; // Not installed: one of several places to look.
  }
}

async function majorOf(folder: string): Promise<number> {
  const { stdout } = await runProcess([path.join(folder, 'pg_dump'), '--version'], { timeoutMs: 10_000 });
  return Number(/(\d+)[.\d]*\s*(?:\(|$)/m.exec(stdout.replace(/^pg_dump \(PostgreSQL\) /, ''))?.[1] ?? 0);
}
