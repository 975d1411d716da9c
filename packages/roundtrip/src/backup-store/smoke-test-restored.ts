import { Failed } from '../errors.ts';
import { type DatabaseAddress, toolEnvironment } from '../postgres/connection.ts';
import { compareFingerprints, fingerprintTables } from '../postgres/fingerprint.ts';
import { readManifest } from '../postgres/manifest.ts';
import { type RunProcessOptions, runProcess } from '../process/run-process.ts';

/** The application's own word on a restored database: a command that exits 0. */
export interface SmokeCommand {
  readonly argv: readonly string[];
  readonly cwd?: string | undefined;
  /** Never secrets: those stay in files. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/**
 * Trust level T4: the application's smoke test passes on the restored database. The command gets PGHOST … PGPASSFILE of that
 * database and never of production; its transactions are read-only unless it says otherwise, and afterwards every table is
 * fingerprinted again: what becomes the return database must still be what was backed up.
 *
 * @throws Failed `smoke-test-failed` with what the command said; `smoke-test-wrote` naming the tables.
 * @example await smokeTestRestored({ directory, restored, command: { argv: ['manage.py', 'check'] }, timeoutMs: 60_000, applicationName })
 */
export async function smokeTestRestored(options: {
  /** Of the backup that was restored. */
  readonly directory: string;
  readonly restored: DatabaseAddress;
  readonly command: SmokeCommand;
  readonly applicationName: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly onLine?: RunProcessOptions['onLine'];
  readonly onSpawn?: RunProcessOptions['onSpawn'];
}): Promise<{ readonly trust: 'T4'; readonly durationMs: number }> {
  const { directory, restored, command, applicationName, timeoutMs, signal, onLine, onSpawn } = options;
  const env = {
    ...command.env,
    ...toolEnvironment(restored, { applicationName }),
    PGOPTIONS: '-c default_transaction_read_only=on',
  };
  const { durationMs } = await runProcess(command.argv, {
    cwd: command.cwd,
    env,
    timeoutMs,
    signal,
    onLine,
    onSpawn,
  }).catch((cause: unknown) => {
    throw cause instanceof Failed && cause.code === 'process-failed' ? notPassed(restored, cause) : cause;
  });
  const before = readManifest(directory).fingerprints;
  const changed = compareFingerprints(before, await fingerprintTables(restored, { applicationName, signal }));
  if (changed.length === 0) return { trust: 'T4', durationMs };
  throw new Failed({
    code: 'smoke-test-wrote',
    seen: `the smoke test changed ${changed.slice(0, 8).join(', ')} of ${restored.database}`,
    expected: 'a test that only reads: this database may have to stand in for production',
    next: 'make the test read-only, then resume: the backup is taken again',
    fields: { changed },
  });
}

function notPassed(restored: DatabaseAddress, cause: Failed): Failed {
  return new Failed({
    code: 'smoke-test-failed',
    seen: `on ${restored.database}: ${cause.seen}`,
    expected: 'the application to work on the restored database',
    next: 'nothing destructive was begun; read what the test says, then resume or abort',
    fields: cause.fields,
    cause,
  });
}
