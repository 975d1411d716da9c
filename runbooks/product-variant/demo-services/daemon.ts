import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A program that runs beside the demo until it is stopped. */
export interface Daemon {
  readonly name: string;
  /** Of the shell that watches over it, and leads its process group. */
  readonly pid: number;
  stop(): Promise<void>;
}

const READY_MS = 20_000;
const STOP_MS = 20_000;

/**
 * Starts a program that stays in the foreground, and waits until `ready` does not throw. It ends with this process
 * however that ends: the shell between them waits for the end of a pipe that only we hold. Ctrl-C reaches us alone,
 * since it runs in a session of its own: we still need it for the way back.
 *
 * @throws Error when it ends by itself or is not ready in time, with the tail of its log's place.
 * @example const nginx = await startDaemon({ name: 'nginx', argv: ['nginx', …], log: '/tmp/x/nginx.out', ready });
 */
export async function startDaemon(options: {
  readonly name: string;
  readonly argv: readonly string[];
  /** What it prints. */
  readonly log: string;
  readonly ready: () => Promise<unknown>;
}): Promise<Daemon> {
  const { name, argv, log, ready } = options;
  const script =
    'trap "" INT HUP; exec 3<&0; "$@" </dev/null 3<&- & pid=$!; trap "kill $pid 2>/dev/null" TERM; (cat <&3 >/dev/null; kill $pid 2>/dev/null) & wait $pid; wait $pid';
  const { PATH = '' } = process.env;
  const child = spawn('sh', ['-c', script, 'sh', ...argv], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, PATH: `${PATH}:/usr/sbin:/sbin` },
    cwd: '/',
    detached: true,
  });
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => appendFileSync(log, chunk));
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const stop = async (): Promise<void> => {
    if (hasEnded()) return;
    const ended = once(child, 'exit');
    child.stdin.end();
    const timer = setTimeout(() => killGroup(child.pid), STOP_MS);
    await ended;
    clearTimeout(timer);
  };
  for (const deadline = Date.now() + READY_MS; ; await sleep(50)) {
    if (hasEnded())
      throw new Error(`${name} ended by itself; see ${log}. Is it installed (script/bootstrap)?`);
    try {
      await ready();
      return { name, pid: child.pid ?? 0, stop };
    } catch (cause) {
      if (Date.now() < deadline) continue;
      await stop();
      throw new Error(`${name} is not ready after ${READY_MS} ms; see ${log}`, { cause });
    }
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // It ended in this very moment.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
