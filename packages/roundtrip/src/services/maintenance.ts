import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { asRoundtripError, Failed } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { expectHttp, type HttpExpectation, type HttpRequest, httpRequest } from './http.ts';

/** A way to close the shop to customers. Both directions are idempotent. */
export interface Maintenance {
  on(options: {
    readonly reason: string;
    readonly retryAfterSeconds: number;
    readonly signal?: AbortSignal | undefined;
  }): Promise<void>;
  off(options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
  state(): Promise<{ readonly on: boolean; readonly since?: string | undefined }>;
}

/** Maintenance switched by a flag file: the application answers 503 while it exists. It appears whole, by rename. */
export function flagMaintenance({ flagFile }: { readonly flagFile: string }): Maintenance {
  const state: Maintenance['state'] = async () => {
    try {
      const content = JSON.parse(readFileSync(flagFile, 'utf8')) as { since?: string } | null;
      return { on: true, since: content?.since };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { on: false };
      if (error instanceof SyntaxError) return { on: true }; // Somebody else's flag: the file counts, not its content.
      throw error;
    }
  };
  return {
    state,
    async on({ reason, retryAfterSeconds }) {
      if ((await state()).on) return;
      mkdirSync(path.dirname(flagFile), { recursive: true });
      writeFileSync(
        `${flagFile}.new`,
        `${JSON.stringify({ since: new Date().toISOString(), reason, retryAfterSeconds })}\n`,
        { flush: true },
      );
      renameSync(`${flagFile}.new`, flagFile);
    },
    async off() {
      rmSync(flagFile, { force: true });
    },
  };
}

/** A request with what it must answer while the shop is open. */
export interface DoorProbe {
  readonly request: HttpRequest;
  readonly open: HttpExpectation;
}

const POLL_MS = 100;
/** A write that is refused once might have met one of several servers: it must stay refused. */
const CLOSED_TIMES = 3;

/**
 * Proves at the front door that maintenance is what it is said to be. Closed: a write is refused (503, or nobody
 * listens) several times in a row; a write that hangs or goes to a wrong address proves nothing. Open: a real read and a real write pass.
 *
 * @throws Failed `maintenance-unproven` with the last thing seen.
 */
export async function proveMaintenance(options: {
  readonly probes: { readonly write: DoorProbe; readonly read: DoorProbe };
  readonly expect: 'closed' | 'open';
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}): Promise<JsonObject> {
  const { probes, expect, signal } = options;
  const deadline = Date.now() + options.timeoutMs;
  let refusals = 0;
  for (;;) {
    signal?.throwIfAborted();
    const seen =
      expect === 'closed'
        ? await closedAnswer(withDeadline(probes.write, deadline), signal)
        : await openAnswer(
            { write: withDeadline(probes.write, deadline), read: withDeadline(probes.read, deadline) },
            signal,
          );
    refusals = seen.ok ? refusals + 1 : 0;
    if (refusals >= (expect === 'closed' ? CLOSED_TIMES : 1)) return { proven: expect, seen: seen.text };
    if (Date.now() > deadline) {
      throw new Failed({
        code: 'maintenance-unproven',
        seen: seen.text,
        expected:
          expect === 'closed'
            ? 'a write through the front door to be refused'
            : 'a read and a write through the front door to pass',
        next:
          expect === 'closed'
            ? 'find out which way leads past the maintenance page'
            : "look at the application's log",
      });
    }
    await delay(POLL_MS);
  }
}

/** A request must not outlive the proof it belongs to. */
function withDeadline(probe: DoorProbe, deadlineMs: number): DoorProbe {
  const leftMs = Math.max(50, deadlineMs - Date.now());
  return {
    ...probe,
    request: { ...probe.request, timeoutMs: Math.min(probe.request.timeoutMs ?? leftMs, leftMs) },
  };
}

async function closedAnswer(
  write: DoorProbe,
  signal: AbortSignal | undefined,
): Promise<{ ok: boolean; text: string }> {
  try {
    const { status } = await httpRequest({ ...write.request, signal });
    return { ok: status === 503, text: `the write was answered with ${status}` };
  } catch (error) {
    signal?.throwIfAborted();
    const { seen, fields } = asRoundtripError(error);
    return { ok: fields.refused === true, text: seen };
  }
}

async function openAnswer(
  probes: { readonly write: DoorProbe; readonly read: DoorProbe },
  signal: AbortSignal | undefined,
): Promise<{ ok: boolean; text: string }> {
  try {
    const read = await expectHttp({ ...probes.read.request, signal }, probes.read.open);
    const write = await expectHttp({ ...probes.write.request, signal }, probes.write.open);
    return { ok: true, text: `read ${read.status}, write ${write.status}` };
  } catch (error) {
    return { ok: false, text: asRoundtripError(error).seen };
  }
}
