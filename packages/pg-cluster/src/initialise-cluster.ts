import { spawn } from 'node:child_process';
import { chownSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ClusterError } from './errors.ts';
import { idsOf, type UnprivilegedUser } from './unprivileged-user.ts';

/** initdb takes seconds; one that hangs must not hang whoever waits for a cluster. */
const INITDB_TIMEOUT_MS = 300_000;

/**
 * Makes the data folder of a cluster: SCRAM passwords only, UTF-8, a locale that sorts alike everywhere.
 *
 * @throws ClusterError `initdb-failed`.
 */
export async function initialiseCluster(options: {
  binaries: string;
  data: string;
  directory: string;
  password: string;
  user: UnprivilegedUser | undefined;
}): Promise<void> {
  const passwordInput = path.join(options.directory, 'initdb-password');
  writeFileSync(passwordInput, `${options.password}\n`, { mode: 0o600 });
  if (options.user) chownSync(passwordInput, options.user.uid, options.user.gid);
  const argv = [
    '--pgdata',
    options.data,
    '--username',
    'postgres',
    '--pwfile',
    passwordInput,
    '--auth',
    'scram-sha-256',
  ];
  argv.push('--encoding', 'UTF8', '--locale', 'C.UTF-8', '--no-sync');
  const { code, output } = await run(path.join(options.binaries, 'initdb'), argv, options.user);
  if (code !== 0)
    throw new ClusterError('initdb-failed', `initdb ended with ${code}: ${output.slice(-2000)}`);
}

/** `code` is -1 for one that was killed. */
function run(
  program: string,
  argv: string[],
  user: UnprivilegedUser | undefined,
): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, argv, {
      cwd: '/',
      stdio: ['ignore', 'pipe', 'pipe'],
      ...idsOf(user),
      timeout: INITDB_TIMEOUT_MS,
      killSignal: 'SIGKILL',
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
    });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr.on('data', (chunk) => {
      output += chunk;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? -1, output }));
  });
}
