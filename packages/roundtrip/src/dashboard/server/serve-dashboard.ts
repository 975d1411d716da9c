import { isIPv6 } from 'node:net';
import type { LockHolder } from '../../control/operator-lock.ts';
import { viewRun } from '../../engine/run-view.ts';
import { Failed } from '../../errors.ts';
import type { StateFolder } from '../../journal/run-directory.ts';
import { dashboardServer } from './dashboard-server.ts';
import { type Admission, newToken } from './guards.ts';
import { runReader } from './run-reader.ts';
import { webFiles } from './web-files.ts';

/** What `serveDashboard` is asked for. */
export interface ServeOptions {
  /** The folder of state whose runs are shown, and one of them where only that is asked for. */
  readonly state: StateFolder;
  readonly runId?: string | undefined;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Further exact names, with port, for a proxy in front: "ops.example.com". */
  readonly allowedHosts?: readonly string[] | undefined;
  /** Who operates, where the lock is not in the folder of state. */
  readonly operating?: (() => LockHolder | undefined) | undefined;
  /** Secrets of the targets, by the files that the plans name. */
  readonly redactorFor: (passwordFiles: readonly string[]) => (text: string) => string;
  readonly now: () => Date;
}

/** A dashboard that listens. */
export interface ServedDashboard {
  /** With the token: who has it may look. */
  readonly url: string;
  readonly origin: string;
  close(): Promise<void>;
}

/**
 * Serves the dashboard until it is closed. Reads only.
 *
 * @throws Failed `dashboard-port` when the address cannot be listened on, `dashboard-not-built`.
 * @example const { url, close } = await serveDashboard({ state: { root: '.roundtrip' }, host: '127.0.0.1', port: 0, ... });
 */
export async function serveDashboard(options: ServeOptions): Promise<ServedDashboard> {
  const { state, runId, host, port, now } = options;
  const reader = runReader(state, runId, options.operating);
  const token = newToken();
  let listening: Admission = { hosts: new Set(), token, cookie: 'roundtrip' };
  const app = await dashboardServer({
    reader,
    files: await webFiles(),
    admission: () => listening,
    redactor: lateRedactor(reader, options.redactorFor),
    now,
  });
  try {
    await app.listen({ host, port });
  } catch (cause) {
    throw new Failed({
      code: 'dashboard-port',
      seen: `listening on ${host}:${port}: ${(cause as Error).message}`,
      expected: 'an address of this machine and a free port',
      next: 'choose another with --port, or leave it out for any free one',
      cause,
    });
  }
  const address = app.server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  const shown = isIPv6(host) ? `[${host}]` : host;
  const loopback = ['127.0.0.1', 'localhost', '::1'].includes(host) ? [`localhost:${bound}`] : [];
  const hosts = new Set([`${shown}:${bound}`, ...loopback, ...(options.allowedHosts ?? [])]);
  listening = { hosts, token, cookie: `roundtrip-${bound}` };
  const origin = `http://${shown}:${bound}`;
  return { url: `${origin}/?token=${token}`, origin, close: () => app.close() };
}

/** Passwords are known once a plan is: it names their files. Runs that appear later bring theirs along. */
function lateRedactor(
  reader: ReturnType<typeof runReader>,
  redactorFor: ServeOptions['redactorFor'],
): () => (text: string) => string {
  const files = new Set<string>();
  const looked = new Set<string>();
  let redact = redactorFor([]);
  return () => {
    for (const runId of reader.runIds()) {
      if (looked.has(runId) || reader.version(runId) === 'missing') continue;
      looked.add(runId);
      const file = passwordFileOf(reader, runId);
      if (file === undefined || files.has(file)) continue;
      files.add(file);
      redact = redactorFor([...files]);
    }
    return redact;
  };
}

function passwordFileOf(reader: ReturnType<typeof runReader>, runId: string): string | undefined {
  try {
    return viewRun(reader.state, runId).plan.target.database.passwordFile;
  } catch {
    return undefined; // Its error is what the page shows; nothing of it is sent.
  }
}
