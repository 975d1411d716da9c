import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ImportTarget } from './import-database.ts';

/** One run of the management command, as an operator would start it. */
export interface CommandRun {
  readonly wallMs: number;
  /** Highest resident set of the process, threads included, as Linux counts it. */
  readonly peakBytes: number;
  readonly stderr: string;
}

const BIN = path.join(import.meta.dirname, '..', 'packages', 'freesport', 'bin', 'freesport.ts');
const WATCH_EVERY_MS = 20;

/**
 * Runs `import-products-from-1c --full` in a process of its own and watches its memory.
 *
 * @throws Error with the end of its output where it does not end with 0.
 */
export async function runImportCommand(
  target: ImportTarget,
  directory: string,
  more: readonly string[] = [],
): Promise<CommandRun> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [BIN, 'import-products-from-1c', directory, '--full', ...more], {
    stdio: ['ignore', 'ignore', 'pipe'],
    // The compile cache keeps the type stripper out of memory (60 MB in three threads) from the second start of a release on.
    env: {
      ...process.env,
      ...target.environment,
      FREESPORT_RELEASE: '13.4',
      NODE_COMPILE_CACHE: path.join(tmpdir(), 'bench-compile-cache'),
    },
  });
  let peakBytes = 0;
  const watch = setInterval(() => {
    peakBytes = Math.max(peakBytes, highWaterBytes(child.pid));
  }, WATCH_EVERY_MS);
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearInterval(watch);
  if (code !== 0) throw new Error(`the import ended with ${code}: ${stderr.slice(-1000)}`);
  return { wallMs: performance.now() - startedAt, peakBytes, stderr };
}

/** VmHWM of a process; 0 when it has just ended. */
function highWaterBytes(pid: number | undefined): number {
  try {
    const match = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Number(match?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
