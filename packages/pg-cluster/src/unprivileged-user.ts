import { execFileSync } from 'node:child_process';
import { ClusterError } from './errors.ts';

export interface UnprivilegedUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/**
 * The user that PostgreSQL runs as: undefined when this process is not root (it then runs as itself), otherwise
 * `postgres` where Debian's package made one, else `nobody`. PostgreSQL refuses to run as root.
 *
 * @throws ClusterError `no-unprivileged-user` when neither exists.
 */
export function unprivilegedUser(): UnprivilegedUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    const uid = numericId('-u', name);
    const gid = numericId('-g', name);
    if (uid !== undefined && gid !== undefined) return { name, uid, gid };
  }
  throw new ClusterError(
    'no-unprivileged-user',
    'running as root and neither the user "postgres" nor "nobody" exists. Next: create one of them, or run as an ordinary user.',
  );
}

function numericId(flag: '-u' | '-g', name: string): number | undefined {
  try {
    return Number(
      execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
    );
  } catch (error) {
    // `id` exits 1 for an unknown user; anything else (no `id` at all) is worth seeing.
    if ((error as { status?: number }).status === 1) return undefined;
    throw error;
  }
}

/** How a child process becomes that user; nothing where it stays who it is. */
export function idsOf(user: UnprivilegedUser | undefined): { uid?: number; gid?: number } {
  return user ? { uid: user.uid, gid: user.gid } : {};
}
