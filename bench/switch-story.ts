import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import type { PrivateCluster } from 'pg-cluster';
import { toolEnvironment } from 'roundtrip/postgres';

const execute = promisify(execFile);

/** The story's backup: one process, gzip 6. */
export async function storyDump(cluster: PrivateCluster, database: string, folder: string): Promise<string> {
  const file = path.join(folder, 'story.dump');
  await run(cluster, 'pg_dump', ['-Fc', '-f', file, database]);
  return file;
}

/** The story's rollback; seconds from the dropped database to the restored one. */
export async function storyRollback(
  cluster: PrivateCluster,
  database: string,
  dump: string,
): Promise<number> {
  const startedMs = performance.now();
  await run(cluster, 'dropdb', ['--force', database]);
  await run(cluster, 'createdb', [database]);
  await run(cluster, 'pg_restore', ['-d', database, dump]);
  return (performance.now() - startedMs) / 1000;
}

async function run(cluster: PrivateCluster, program: string, argv: readonly string[]): Promise<void> {
  const env = { ...process.env, ...toolEnvironment(cluster.address(), { applicationName: 'bench' }) };
  await execute(path.join(cluster.binaries, program), argv, { env, timeout: 900_000 });
}
