import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import {
  backupWithPgBackRest,
  type PgBackRest,
  type PgBackRestBackup,
} from '../../backup-store/pgbackrest.ts';
import { verifyPgBackRest } from '../../backup-store/verify-pgbackrest.ts';
import { Failed, Refused } from '../../errors.ts';
import type { CliEnvironment, CommonOptions } from '../environment.ts';
import { EXIT } from '../exit-codes.ts';
import type { RegisterVerb } from '../verb.ts';
import { conclude, type DatabaseFlags, withDatabase, withDatabaseFlags } from './backup-options.ts';

interface PgBackRestFlags extends CommonOptions, DatabaseFlags {
  readonly stanza: string;
  readonly note: string;
  readonly verifyOnly?: boolean | undefined;
  readonly type: string;
  readonly config?: string | undefined;
  readonly runAs?: string | undefined;
  readonly passwordFile?: string | undefined;
  readonly scratch?: string | undefined;
}

/** `backup pgbackrest`: for databases that have outgrown a dump. */
export const registerBackupPgBackRest: RegisterVerb = (program, run) => {
  const command = program
    .command('pgbackrest')
    .description(
      "back up with pgBackRest on the database's machine, recover a scratch cluster and compare (T3)",
    )
    .requiredOption('--stanza <name>')
    .requiredOption('--note <file>', 'what the backup must recover to; written, or read with --verify-only')
    .option('--verify-only', 'prove the backup of an earlier note again')
    .option('--type <type>', 'full, diff or incr', 'full')
    .option('--config <file>', "pgBackRest's configuration")
    .option('--run-as <user>', 'owner of the data directory, when we are root')
    .option('--password-file <file>', "pgpass file for pgBackRest's own sessions, readable by that user")
    .option('--scratch <folder>', 'with room for the whole cluster; default the temporary folder');
  withDatabaseFlags(command).action(run<PgBackRestFlags>(pgBackRestVerb));
};

async function pgBackRestVerb(environment: CliEnvironment, options: PgBackRestFlags): Promise<number> {
  const { stanza, config, runAs, passwordFile, note } = options;
  const type = typeOf(options.type);
  if (options.verifyOnly !== true && existsSync(note))
    throw new Refused({
      code: 'directory-exists',
      seen: `${note} exists`,
      expected: 'a file that is not there yet, or --verify-only',
      next: 'name another one',
    });
  const source: PgBackRest = { stanza, config, runAs, passwordFile };
  const onLine = (_stream: string, line: string): void => void environment.stderr.write(`${line}\n`);
  const { signal } = environment;
  const proven = await withDatabase(environment, options, async (database, { timeoutMs }) => {
    const tool = { timeoutMs, signal, onLine };
    const backup =
      options.verifyOnly === true
        ? readNote(note)
        : await backupWithPgBackRest(source, { ...tool, database, type });
    if (options.verifyOnly !== true)
      writeFileSync(note, `${JSON.stringify(backup)}\n`, { mode: 0o600, flag: 'wx', flush: true });
    const { user } = database;
    const verified = await verifyPgBackRest(source, {
      ...tool,
      backup,
      user,
      scratchParent: options.scratch,
    });
    return { ...verified, label: backup.label, restorePoint: backup.restorePoint, database: backup.database };
  });
  return conclude(environment, options, {
    exitCode: EXIT.success,
    data: { verdict: 'verified', stanza, ...proven },
    lines: [
      `${proven.trust}: ${proven.label} of ${stanza} recovers; ${proven.tables} tables of ${proven.database} are equal`,
    ],
  });
}

function typeOf(type: string): 'full' | 'diff' | 'incr' {
  if (type === 'full' || type === 'diff' || type === 'incr') return type;
  throw new Refused({
    code: 'usage',
    seen: `--type ${type}`,
    expected: 'full, diff or incr',
    next: 'correct the flag',
  });
}

function readNote(file: string): PgBackRestBackup {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as PgBackRestBackup;
  } catch (cause) {
    throw new Failed({
      code: 'manifest-unreadable',
      seen: `${file}: ${(cause as Error).message}`,
      expected: 'the note that was written with the backup',
      next: 'name the right file, or make another backup',
      cause,
    });
  }
}
