import { existsSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import path from 'node:path';
import { viewRun } from '../../engine/run-view.ts';
import { Failed, Refused } from '../../errors.ts';
import { dashboardServer } from './dashboard-server.ts';
import { type Admission, newToken } from './guards.ts';
import { runReader } from './run-reader.ts';
import { webFiles } from './web-files.ts';

/** What `serveDashboard` is asked for. */
export interface ServeOptions {
  /** The folder of state whose runs are shown, and one of them where only that is asked for. */
  readonly stateRoot: string;
  readonly runId?: string | undefined;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Further exact names, with port, for a proxy in front: "ops.example.com". */
  readonly allowedHosts?: readonly string[] | undefined;
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
 * @example const { url, close } = await serveDashboard({ stateRoot: '.roundtrip', host: '127.0.0.1', port: 0, ... });
 */
export async function serveDashboard(options: ServeOptions): Promise<ServedDashboard> {
  const { stateRoot, runId, host, port, now } = options;
  const reader = runReader({ root: path.resolve(stateRoot) }, runId);
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

/**
 * The state folder of a run's folder, which is `<state>/runs/<run>`.
 *
 * @throws Refused `not-a-run` for any other folder.
 */
export function locateRun(folder: string): { readonly stateRoot: string; readonly runId: string } {
  const full = path.resolve(folder);
  const runs = path.dirname(full);
  if (existsSync(path.join(full, 'journal.ndjson')) && path.basename(runs) === 'runs')
    return { stateRoot: path.dirname(runs), runId: path.basename(full) };
  throw new Refused({
    code: 'not-a-run',
    seen: `${full} is not a run's folder`,
    expected: 'a folder <state>/runs/<run> with a journal.ndjson',
    next: 'name one, or a folder of runs with --runs',
  });
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
