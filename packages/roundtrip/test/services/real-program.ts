import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

export interface RealProgram {
  /** What it printed so far, both streams. */
  output(): string;
  stop(): Promise<void>;
}

const READY_MS = 15_000;

/**
 * Starts a daemon in the foreground for one test file and waits until `ready` does not throw. It ends with this process however that
 * ends: a shell between them waits for the end of a pipe that only we hold.
 */
export async function startProgram(options: {
  readonly argv: readonly string[];
  readonly ready: () => Promise<unknown>;
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
}): Promise<RealProgram> {
  const script =
    'trap "" INT HUP; exec 3<&0; "$@" </dev/null 3<&- & pid=$!; trap "kill $pid" TERM; (cat <&3 >/dev/null; kill $pid 2>/dev/null) & wait $pid';
  const { PATH = '' } = process.env;
  const child = spawn('sh', ['-c', script, 'sh', ...options.argv], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: `${PATH}:/usr/sbin:/sbin`, ...options.env },
    cwd: '/',
    ...options.user,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  const program: RealProgram = {
    output: () => output,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.stdin.end();
      await once(child, 'close');
    },
  };
  for (const deadline = Date.now() + READY_MS; ; await delay(50)) {
    if (child.exitCode !== null) throw new Error(`${options.argv[0]} ended: ${output}`);
    try {
      await options.ready();
      return program;
    } catch (error) {
      if (Date.now() < deadline) continue;
      await program.stop();
      throw new Error(`${options.argv[0]} is not ready: ${output}`, { cause: error });
    }
  }
}
