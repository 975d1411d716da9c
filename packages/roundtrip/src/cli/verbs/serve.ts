import { existsSync } from 'node:fs';
import path from 'node:path';
import type { ServeOptions } from '../../dashboard/server/serve-dashboard.ts';
import { Refused } from '../../errors.ts';
import { locateRun } from '../../journal/run-directory.ts';
import { readPasswords } from '../../postgres/connection.ts';
import { createRedactor } from '../../process/redact.ts';
import type { CliEnvironment, CommonOptions } from '../environment.ts';
import { EXIT } from '../exit-codes.ts';
import { followStore } from '../follow-store.ts';
import { openStore } from '../open-store.ts';
import type { RegisterVerb } from '../verb.ts';

interface ServeVerbOptions extends CommonOptions {
  readonly folder?: string | undefined;
  readonly runs?: string | undefined;
  readonly host: string;
  readonly port: string;
  readonly allowHost?: readonly string[] | undefined;
}

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

/** `roundtrip serve`: the dashboard, until Ctrl-C. */
export const registerServe: RegisterVerb = (program, run) => {
  program
    .command('serve')
    .description(
      'show runs in a browser while they go on or afterwards; read-only, on this machine by default',
    )
    .argument(
      '[folder]',
      'the folder of one run, wherever it was copied; all runs of the state folder by default',
    )
    .option('--runs <folder>', 'a folder of runs: the newest is shown, the others can be chosen')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <number>', 'port to listen on; 0 for any free one', '0')
    .option('--allow-host <name...>', 'further exact Host names, with port, for a proxy in front')
    .action(
      run<ServeVerbOptions>(async (environment, options) => {
        const { stdout, stderr, signal, now } = environment;
        // Only here: no other verb should wait for a web server to load.
        const { serveDashboard } = await import('../../dashboard/server/serve-dashboard.ts');
        const shown = await shownRuns(environment, options);
        const dashboard = await serveDashboard({
          ...shown,
          host: options.host,
          port: portOf(options.port),
          allowedHosts: options.allowHost,
          redactorFor: (files) =>
            createRedactor(files.filter((file) => existsSync(file)).flatMap(readPasswords)),
          now,
        });
        if (!LOOPBACK.has(options.host))
          stderr.write(
            `warning: ${options.host} can be reached from elsewhere, and nothing here encrypts: put a proxy with TLS in front\n`,
          );
        stderr.write('serving until Ctrl-C; whoever has this URL may look, nobody can act here\n');
        stdout.write(
          options.json === true
            ? `${JSON.stringify({ version: 1, type: 'serving', url: dashboard.url })}\n`
            : `${dashboard.url}\n`,
        );
        await aborted(signal);
        await shown.stop?.();
        await dashboard.close();
        return EXIT.success;
      }),
    );
};

interface ShownRuns extends Pick<ServeOptions, 'state' | 'runId' | 'operating'> {
  readonly stop?: () => Promise<void>;
}

/** One run's folder, a folder of runs, or the store's: a copy of a store elsewhere is followed. */
async function shownRuns(environment: CliEnvironment, options: ServeVerbOptions): Promise<ShownRuns> {
  if (options.folder !== undefined) return locateRun(options.folder);
  if (options.runs !== undefined) {
    const folder = path.resolve(options.runs);
    // Not refused: the dashboard may be opened before the first run makes the folder. A name with a mistake looks the same.
    if (!existsSync(folder))
      environment.stderr.write(`warning: ${folder} is not there yet: nothing to show\n`);
    return { state: { root: path.basename(folder) === 'runs' ? path.dirname(folder) : folder } };
  }
  const store = await openStore(environment, options);
  const { state } = store;
  // The folder of this machine is read as it is.
  if (store.systemIdentifier === undefined) return { state };
  return { state, ...followStore(store, (line) => environment.stderr.write(`${line}\n`)) };
}

function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new Refused({
    code: 'usage',
    seen: `--port ${text}`,
    expected: 'a number from 0 to 65535',
    next: 'leave it out for any free port',
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
