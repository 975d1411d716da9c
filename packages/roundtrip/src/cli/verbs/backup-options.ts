import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import { type PartOpener, readIdentities } from '../../backup-store/age.ts';
import { type ObjectStore, openObjectStore } from '../../backup-store/object-store.ts';
import { Refused } from '../../errors.ts';
import type { DatabaseAddress } from '../../postgres/connection.ts';
import { durationMs } from '../../runbook/duration.ts';
import type { CliEnvironment, CommonOptions } from '../environment.ts';

/** Where a store is, of all verbs that open one. */
export interface StoreFlags {
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  readonly profile?: string | undefined;
}

/** How a database is reached. */
export interface DatabaseFlags {
  readonly database?: string | undefined;
  readonly jobs: string;
  readonly timeout: string;
  /** Where neither the URL nor PGDATABASE names one; without it that is refused. */
  readonly defaultDatabase?: string | undefined;
}

/** Adds the flags of a store. */
export function withStoreFlags(command: Command): Command {
  return command
    .option('--endpoint <url>', "of a store that is not Amazon's (default AWS_ENDPOINT_URL)")
    .option('--region <name>', 'default AWS_REGION')
    .option('--profile <name>', 'section of the AWS credentials file; default AWS_* variables');
}

/** Adds the flags of a database. */
export function withDatabaseFlags(command: Command): Command {
  return command
    .option(
      '--database <url>',
      'postgres://user@host:port/database (default PGHOST, PGPORT, PGUSER, PGDATABASE)',
    )
    .option('--jobs <n>', 'side by side', '2')
    .option('--timeout <duration>', 'the longest any one program may take', '12h');
}

/** Opens the store that a flag names. */
export function storeOf(environment: CliEnvironment, name: string, flags: StoreFlags): Promise<ObjectStore> {
  const { endpoint, region, profile } = flags;
  return openObjectStore(name, { endpoint, region, profile, variables: environment.variables });
}

/** The identity file that a flag names; undefined without the flag. */
export function openerOf(flags: { readonly identity?: string | undefined }): PartOpener | undefined {
  return flags.identity === undefined ? undefined : readIdentities(flags.identity);
}

/** Numbers of the flags, whole and positive. @throws Refused `usage`. */
export function wholeNumber(flag: string, text: string, min = 1): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= min) return value;
  throw new Refused({
    code: 'usage',
    seen: `${flag} ${text}`,
    expected: `a whole number from ${min}`,
    next: 'correct the flag',
  });
}

/**
 * The database that the flags or the PG* variables name, for the length of `work`. A password of the URL or of PGPASSWORD goes into a
 * file of mode 0600 that is gone afterwards: it never is in the arguments or the environment of a child.
 *
 * @throws Refused `usage` when the URL is none, or nobody names a database.
 */
export async function withDatabase<T>(
  environment: CliEnvironment,
  flags: DatabaseFlags,
  work: (address: DatabaseAddress, how: { readonly jobs: number; readonly timeoutMs: number }) => Promise<T>,
): Promise<T> {
  const { password, ...address } = addressOf(environment, flags);
  const how = { jobs: wholeNumber('--jobs', flags.jobs), timeoutMs: durationMs(flags.timeout) };
  if (password === undefined) return work(address, how);
  const folder = mkdtempSync(path.join(tmpdir(), 'roundtrip-'));
  try {
    const passwordFile = path.join(folder, 'pgpass');
    const escaped = password.replaceAll(/[\\:]/g, '\\$&');
    writeFileSync(passwordFile, `*:*:*:*:${escaped}\n`, { mode: 0o600 });
    return await work({ ...address, passwordFile }, how);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function addressOf(
  environment: CliEnvironment,
  flags: DatabaseFlags,
): DatabaseAddress & { readonly password?: string | undefined } {
  const { PGHOST, PGPORT, PGUSER, PGDATABASE, PGPASSWORD, PGPASSFILE } = environment.variables;
  const given = {
    host: PGHOST ?? 'localhost',
    port: Number(PGPORT ?? 5432),
    user: PGUSER ?? userInfo().username,
    database: PGDATABASE ?? flags.defaultDatabase ?? '',
    password: PGPASSWORD,
    passwordFile: PGPASSWORD === undefined ? PGPASSFILE : undefined,
  };
  if (flags.database !== undefined) {
    const url = parseUrl(flags.database);
    const part = (text: string): string | undefined => (text === '' ? undefined : decodeURIComponent(text));
    // A socket's folder is written as ?host=/run/postgresql, as libpq has it.
    given.host = url.searchParams.get('host') ?? part(url.hostname) ?? given.host;
    given.port = Number(part(url.port) ?? given.port);
    given.user = part(url.username) ?? given.user;
    given.database = part(url.pathname.slice(1)) ?? given.database;
    given.password = part(url.password) ?? given.password;
    if (part(url.password) !== undefined) given.passwordFile = undefined;
  }
  if (given.database !== '') return given;
  throw new Refused({
    code: 'usage',
    seen: 'neither --database nor PGDATABASE names a database',
    expected: '--database postgres://user@host:5432/database',
    next: 'name it; a password may be in the URL, in PGPASSFILE or in PGPASSWORD',
  });
}

function parseUrl(text: string): URL {
  const url = /^postgres(ql)?:\/\//.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined) return url;
  throw new Refused({
    code: 'usage',
    // Not repeated: it may hold a password.
    seen: '--database is no URL of a PostgreSQL database',
    expected: 'postgres://user@host:5432/database',
    next: 'correct it',
  });
}

/** Prints a verb's outcome: one object, or lines for people. Returns the exit code. */
export function conclude(
  environment: CliEnvironment,
  options: CommonOptions,
  result: { readonly exitCode: number; readonly data: object; readonly lines: readonly string[] },
): number {
  const { exitCode, data, lines } = result;
  environment.stdout.write(
    options.json === true
      ? `${JSON.stringify({ version: 1, type: 'verdict', exitCode, ...data })}\n`
      : lines.map((line) => `${line}\n`).join(''),
  );
  return exitCode;
}
