import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Stops a cluster when its owner goes away, however it goes: a small shell waits for the end of a pipe that only the
 * owner holds open, so that even SIGKILL of the owner ends the cluster and removes its folder. An exit handler in
 * the owner alone would leave a postmaster behind after a kill.
 *
 * The shell ignores signals to the terminal's process group (Ctrl-C reaches the owner, which then closes the pipe).
 */
export function startWarden(options: {
  readonly binaries: string;
  readonly directory: string;
}): ChildProcess {
  const script = [
    'trap "" INT TERM HUP',
    'read -r _ || true',
    // The postmaster's own pid file is the truth about which process to stop; SIGQUIT is an immediate shutdown.
    'pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)',
    '[ -n "$pid" ] && kill -QUIT "$pid" 2>/dev/null',
    'i=0; while [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null && [ $i -lt 100 ]; do sleep 0.1; i=$((i+1)); done',
    'rm -rf "$1"',
  ].join('\n');
  const warden = spawn('sh', ['-c', script, 'pg-cluster-warden', options.directory], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
  });
  warden.unref();
  const pipe = warden.stdin as (NodeJS.WritableStream & { unref?: () => void }) | null;
  pipe?.unref?.();
  return warden;
}
