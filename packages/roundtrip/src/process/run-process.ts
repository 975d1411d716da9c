import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { Failed } from '../errors.ts';
import { signalGroup, startTicksOf } from './process-group.ts';

/** A child as it can be found again after our own death: a reused pid has another start time. */
export interface SpawnedChild {
  readonly pid: number;
  readonly startTicks: string;
}

export interface RunProcessOptions {
  readonly cwd?: string | undefined;
  /** Added to a small allow-list of our own environment. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly onLine?: ((stream: 'stdout' | 'stderr', line: string) => void) | undefined;
  /** Waited for before the child's end is told: whoever notes it has noted it by then. */
  readonly onSpawn?: ((child: SpawnedChild) => void | Promise<void>) | undefined;
  /** Default [0]. */
  readonly okExitCodes?: readonly number[] | undefined;
  /** What is kept of each stream; the end of it. Default 4 MiB. */
  readonly outputBytesMax?: number | undefined;
  /** `held`: a pipe that stays open as long as we live, so that the child can notice our end. Default: nothing to read. */
  readonly stdin?: 'held' | undefined;
  /** Between SIGTERM and SIGKILL. Default 5000. */
  readonly graceMs?: number | undefined;
}

export interface RunProcessResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
}

/** What a child may know of us. Everything else, secrets of other programs included, stays here. */
const INHERITED = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'USER', 'NODE_EXTRA_CA_CERTS'];
const OUTPUT_BYTES_MAX = 4 << 20;
const GRACE_MS = 5_000;
const CLOSE_MS = 200;

/**
 * Runs a program without a shell, in a process group of its own. On time-out or abort the whole group gets SIGTERM and
 * then SIGKILL: a child that ignores the first, and whatever it started, ends too.
 *
 * Node's own spawn, because execa ends the child alone and not its group.
 *
 * @throws Failed `program-missing`, `process-failed` (with the end of stderr), `process-timed-out`, `process-aborted`.
 * @example const { stdout } = await runProcess(['pg_dump', '--version'], { timeoutMs: 10_000 });
 */
export async function runProcess(
  argv: readonly string[],
  options: RunProcessOptions,
): Promise<RunProcessResult> {
  const [program = '', ...rest] = argv;
  const startedMs = performance.now();
  options.signal?.throwIfAborted();
  const how = { cwd: options.cwd, env: childEnvironment(options.env), detached: true };
  const child =
    options.stdin === 'held'
      ? spawn(program, rest, { ...how, stdio: ['pipe', 'pipe', 'pipe'] })
      : spawn(program, rest, { ...how, stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  closed.catch(() => undefined); // Reported below; a failing spawn must not be an unhandled rejection meanwhile.
  const output = {
    stdout: collect(child.stdout, 'stdout', options),
    stderr: collect(child.stderr, 'stderr', options),
  };
  const ending = endOnDeadline(child, options);
  try {
    await tellSpawned(child, options);
    const { code, signal } = await closed;
    const result = {
      exitCode: code ?? -1,
      stdout: output.stdout(),
      stderr: output.stderr(),
      durationMs: Math.round(performance.now() - startedMs),
    };
    if (ending.reason() !== undefined) throw ended(program, ending.reason() ?? '', options);
    if (code === null || !(options.okExitCodes ?? [0]).includes(code))
      throw failed(program, code, signal, result);
    return result;
  } catch (cause) {
    if (
      (cause as NodeJS.ErrnoException).code !== 'ENOENT' &&
      (cause as NodeJS.ErrnoException).code !== 'EACCES'
    )
      throw cause;
    throw new Failed({
      code: 'program-missing',
      seen: `cannot start ${program}: ${(cause as Error).message}`,
      expected: 'an executable program in an existing folder',
      next: 'correct the command in the runbook, or install the program',
      cause,
    });
  } finally {
    ending.stop();
  }
}

/** Whoever is told may be unable to note it (a full disk): a child that nobody could find again must not live. */
async function tellSpawned(child: ChildProcess, options: RunProcessOptions): Promise<void> {
  if (child.pid === undefined) return;
  try {
    await options.onSpawn?.({ pid: child.pid, startTicks: startTicksOf(child.pid) ?? '' });
  } catch (error) {
    signalGroup(child.pid, 'SIGKILL');
    throw error;
  }
}

function childEnvironment(added: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const inherited = INHERITED.flatMap((name) =>
    process.env[name] === undefined ? [] : [[name, process.env[name]]],
  );
  return { ...Object.fromEntries(inherited), ...added };
}

function collect(stream: Readable, name: 'stdout' | 'stderr', options: RunProcessOptions): () => string {
  const limit = options.outputBytesMax ?? OUTPUT_BYTES_MAX;
  const lines: string[] = [];
  let bytes = 0;
  createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', (line) => {
    options.onLine?.(name, line);
    // One line may be longer than all that is kept: its end is kept.
    const kept = Buffer.byteLength(line) > limit ? Buffer.from(line).subarray(-limit).toString() : line;
    lines.push(kept);
    bytes += Buffer.byteLength(kept) + 1;
    while (bytes > limit && lines.length > 1) bytes -= Buffer.byteLength(lines.shift() ?? '') + 1;
  });
  return () => (lines.length === 0 ? '' : `${lines.join('\n')}\n`);
}

function endOnDeadline(
  child: ChildProcess,
  options: RunProcessOptions,
): { reason(): string | undefined; stop(): void } {
  let reason: string | undefined;
  let kill: NodeJS.Timeout | undefined;
  const end = (why: string): void => {
    if (reason !== undefined || child.pid === undefined) return;
    const { pid } = child;
    reason = why;
    signalGroup(pid, 'SIGTERM');
    kill = setTimeout(() => {
      signalGroup(pid, 'SIGKILL');
      // A grandchild that left the group may hold the pipes open for as long as it likes: we do not wait for it.
      kill = setTimeout(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
      }, CLOSE_MS);
    }, options.graceMs ?? GRACE_MS);
  };
  const timer = setTimeout(() => end('timed out'), options.timeoutMs);
  const onAbort = (): void => end('aborted');
  options.signal?.addEventListener('abort', onAbort, { once: true });
  return {
    reason: () => reason,
    stop: () => {
      clearTimeout(timer);
      clearTimeout(kill);
      options.signal?.removeEventListener('abort', onAbort);
      // A grandchild that left the streams alone may survive the leader; nothing of the group may.
      if (reason !== undefined && child.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
    },
  };
}

function ended(program: string, reason: string, options: RunProcessOptions): Failed {
  return new Failed({
    code: reason === 'timed out' ? 'process-timed-out' : 'process-aborted',
    seen: `${program} ${reason === 'timed out' ? `was still running after ${options.timeoutMs} ms` : 'was interrupted'}; its process group was killed`,
    expected: 'an end by itself',
    next: 'its effect is unknown until it is inspected; see the log of the run',
  });
}

function failed(
  program: string,
  code: number | null,
  signal: NodeJS.Signals | null,
  result: RunProcessResult,
): Failed {
  const ended = code === null ? `signal ${signal}` : `exit code ${code}`;
  return processFailed(`${program} ended with ${ended}`, result, { exitCode: code, signal });
}

/**
 * The failure of a program that ended badly, with the end of what it wrote: of stderr, or of stdout where that is empty.
 *
 * @example throw processFailed('pg_dump ended with exit code 1', result, { exitCode: 1 })
 */
export function processFailed(
  ended: string,
  { stdout, stderr }: Pick<RunProcessResult, 'stdout' | 'stderr'>,
  fields: Readonly<Record<string, unknown>>,
): Failed {
  const said = (stderr.trim() === '' ? stdout : stderr).trim().split('\n').slice(-8).join('\n');
  return new Failed({
    code: 'process-failed',
    seen: `${ended}: ${said.slice(-1500)}`,
    expected: 'success',
    next: 'read what it says; the whole output is in the log of the run',
    fields,
  });
}
