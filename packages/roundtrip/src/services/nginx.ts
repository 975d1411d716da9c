import { existsSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Failed, Refused, UndoFailed } from '../errors.ts';
import { runProcess } from '../process/run-process.ts';
import { type HttpRequest, httpRequest } from './http.ts';
import type { Maintenance } from './maintenance.ts';
import { CLOSED_HEADER, closedDoor, markOf, readDoor } from './nginx-closed.ts';
import { replaceFile } from './replace-file.ts';

/** nginx as the front door; plain data. */
export interface NginxDoor {
  /**
   * A file that the shop's `server` block includes before everything else in it; it may be absent where the include has
   * a wildcard. Roundtrip writes it, and puts back what stood in it.
   */
  readonly includeFile: string;
  /** Checks the configuration and prints it. Default `nginx -T`. */
  readonly check?: readonly string[] | undefined;
  /** Default `nginx -s reload`; with systemd `systemctl reload nginx`. */
  readonly reload?: readonly string[] | undefined;
  /** Answered as ever, so that a balancer does not take the machine out. "/health/" stands for all below it. */
  readonly healthPaths?: readonly string[] | undefined;
  /** Let through, to try the shop before customers do: addresses as nginx sees them, or IPv4 networks. */
  readonly operatorAddresses?: readonly string[] | undefined;
  /** HTML that customers see, at most some 3,500 bytes. */
  readonly page?: string | undefined;
  /** For each command. Default 30,000. */
  readonly timeoutMs?: number | undefined;
}

const TIMEOUT_MS = 30_000;
const SEEN_POLL_MS = 50;
/** Once may be one of two workers. */
const SEEN_TIMES = 3;
const OUTPUT_BYTES_MAX = 32 << 20;
const PAGE =
  '<!doctype html><html lang="ru"><meta charset="utf-8"><title>503</title>' +
  '<p>Идут технические работы, мы скоро вернёмся.</p><p lang="en">We are down for maintenance and will be back soon.</p></html>';

/**
 * Maintenance by nginx: 503 with `Retry-After` for everybody but health checks and operators. nginx's own check comes
 * before each reload; where it fails, or does not show the file, the former content is put back and nothing is reloaded.
 *
 * Both directions are idempotent and repeat the reload: a process that was killed may have written the file and no more.
 * Requests that began before the reload are ended by the old workers: stop the application next.
 *
 * @throws Failed `nginx-check-failed`; Refused `nginx-not-included`, `nginx-address-invalid`, `nginx-path-invalid`;
 *         UndoFailed `nginx-file-stays`.
 * @example await nginxMaintenance({ includeFile: '/etc/nginx/roundtrip/shop.conf' }).on({ reason: 'migration', retryAfterSeconds: 600 })
 */
export function nginxMaintenance(door: NginxDoor): Maintenance {
  const { includeFile } = door;
  return {
    async state() {
      const content = read(includeFile);
      const closed = content === undefined ? undefined : readDoor(content);
      return closed === undefined ? { on: false } : { on: true, since: closed.since };
    },
    async on({ reason, retryAfterSeconds, signal }) {
      const present = read(includeFile);
      const closed = present === undefined ? undefined : readDoor(present);
      const wanted = closedDoor(
        {
          since: closed?.since ?? new Date().toISOString(),
          reason,
          retryAfterSeconds,
          healthPaths: door.healthPaths ?? [],
          operatorAddresses: door.operatorAddresses ?? [],
          page: door.page ?? PAGE,
        },
        closed === undefined ? present : closed.former,
      );
      await bring(door, { wanted, shows: markOf(wanted), signal });
    },
    async off({ signal } = {}) {
      const present = read(includeFile);
      const closed = present === undefined ? undefined : readDoor(present);
      await bring(door, { wanted: closed === undefined ? present : closed.former, signal });
    },
  };
}

/**
 * Waits until customers see what was asked for: a reload is taken some time after its command has ended, and for a moment
 * old and new workers both answer. Whether they saw it is told and nothing is thrown, since this is part of going back:
 * a door that is slow is no reason to stop there.
 *
 * @example await nginxDoorSeen({ request: { url: 'https://shop.example/api/products/' }, wanted: 'off', timeoutMs: 10_000 })
 */
export async function nginxDoorSeen(options: {
  readonly request: HttpRequest;
  readonly wanted: 'on' | 'off';
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}): Promise<boolean> {
  const { request, wanted, timeoutMs, signal } = options;
  const deadline = Date.now() + timeoutMs;
  for (let times = 0; Date.now() < deadline; await delay(SEEN_POLL_MS)) {
    signal?.throwIfAborted();
    const seen = await seenState({ ...request, timeoutMs: Math.max(50, deadline - Date.now()) }, signal);
    times = seen === wanted ? times + 1 : 0;
    if (times >= SEEN_TIMES) return true;
  }
  return false;
}

async function seenState(
  request: HttpRequest,
  signal: AbortSignal | undefined,
): Promise<'on' | 'off' | undefined> {
  try {
    const { headers } = await httpRequest({ ...request, signal });
    return headers[CLOSED_HEADER] === undefined ? 'off' : 'on';
  } catch {
    // No answer tells neither; the caller's deadline ends the wait.
    signal?.throwIfAborted();
    return undefined;
  }
}

/** Puts a content in place, has it checked, reloads; or puts back what was there. */
async function bring(
  door: NginxDoor,
  options: {
    readonly wanted: string | undefined;
    readonly shows?: string | undefined;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<void> {
  const { includeFile, timeoutMs = TIMEOUT_MS } = door;
  const { wanted, shows, signal } = options;
  const former = read(includeFile);
  write(includeFile, wanted);
  try {
    await check(door, shows, signal);
  } catch (error) {
    try {
      write(includeFile, former);
    } catch (cause) {
      throw stays(includeFile, error, cause);
    }
    throw error;
  }
  await runProcess(door.reload ?? ['nginx', '-s', 'reload'], { timeoutMs, signal });
}

async function check(
  door: NginxDoor,
  shows: string | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { includeFile, timeoutMs = TIMEOUT_MS } = door;
  const argv = door.check ?? ['nginx', '-T'];
  // The whole configuration is printed: certificates' paths and upstreams are nobody's business in a log.
  const { exitCode, stdout, stderr } = await runProcess(argv, {
    timeoutMs,
    signal,
    okExitCodes: [0, 1],
    outputBytesMax: OUTPUT_BYTES_MAX,
  });
  if (exitCode !== 0)
    throw new Failed({
      code: 'nginx-check-failed',
      seen: `${argv.join(' ')}: ${stderr.trim().slice(-1000)}`,
      expected: 'a configuration that nginx takes',
      next: `nothing was reloaded and ${includeFile} is as it was; correct what is named`,
    });
  if (shows === undefined || stdout.split('\n').includes(shows)) return;
  throw new Refused({
    code: 'nginx-not-included',
    seen: `${argv.join(' ')} does not show ${includeFile}`,
    expected: `\`include ${includeFile};\` at the top of the shop's server block`,
    next: 'add the include and reload nginx; nothing was changed',
  });
}

function read(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

function write(file: string, content: string | undefined): void {
  if (content === undefined) rmSync(file, { force: true });
  else replaceFile(file, content);
}

function stays(file: string, error: unknown, cause: unknown): UndoFailed {
  return new UndoFailed({
    code: 'nginx-file-stays',
    seen: `${(error as Error).message}; and ${file} could not be put back: ${(cause as Error).message}`,
    expected: 'the former content',
    next: `restore ${file} before nginx is reloaded or restarted: its lines after "#| " are what stood there`,
    cause,
  });
}
