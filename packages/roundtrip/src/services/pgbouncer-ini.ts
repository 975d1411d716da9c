import { Refused } from '../errors.ts';

/** The server and database behind a name that PgBouncer offers. */
export interface PooledBackend {
  /** Null where the line names none: a Unix socket. */
  readonly host: string | null;
  readonly port: number;
  readonly database: string;
}

/** What shall be behind the name; what is left out stays as it is. */
export interface BackendChange {
  readonly database: string;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
}

const PORT = 5432;
/** `name = host=… dbname=…`; the name may stand in double quotes (pgbouncer(5), section [databases]). */
const ENTRY = /^(\s*(?:"((?:[^"]|"")*)"|([^\s="]+))\s*=)(.*)$/;
/** `key=value`; a value with blanks stands in single quotes, a quote in it is doubled. */
const PAIR = /([a-z_]+)\s*=\s*('(?:[^']|'')*'|[^\s']*)/g;

/**
 * Where the line of a database in a `pgbouncer.ini` points.
 *
 * @throws Refused `pgbouncer-line-missing`.
 * @example readBackend('[databases]\nshop = host=db1 dbname=shop_a\n', 'shop') // { host: 'db1', port: 5432, database: 'shop_a' }
 */
export function readBackend(ini: string, database: string): PooledBackend {
  const lines = ini.split('\n');
  const { value } = entryOf(lines, database);
  const pairs = new Map(
    [...value.matchAll(PAIR)].map(([, key = '', text = '']) => [key, unquoted(text)] as const),
  );
  return {
    host: pairs.get('host') ?? null,
    port: Number(pairs.get('port') ?? PORT),
    database: pairs.get('dbname') ?? database,
  };
}

/**
 * The same file with the line of one database pointing elsewhere; everything else in it, other settings of that
 * line and comments included, stays byte for byte.
 *
 * @throws Refused `pgbouncer-line-missing`.
 * @example pointedAt('[databases]\nshop = dbname=a pool_size=9\n', { database: 'shop', backend: { database: 'b' } })
 *          // "[databases]\nshop = dbname=b pool_size=9\n"
 */
export function pointedAt(
  ini: string,
  change: { readonly database: string; readonly backend: BackendChange },
): string {
  const lines = ini.split('\n');
  const { index, head, value } = entryOf(lines, change.database);
  const { host, port, database } = change.backend;
  const wanted: readonly (readonly [string, string | undefined])[] = [
    ['host', host],
    ['port', port?.toString()],
    ['dbname', database],
  ];
  const changed = wanted.reduce(
    (text, [key, to]) => (to === undefined ? text : withPair(text, key, quoted(to))),
    value,
  );
  lines[index] = `${head}${changed}`;
  return lines.join('\n');
}

function entryOf(
  lines: readonly string[],
  database: string,
): { readonly index: number; readonly head: string; readonly value: string } {
  let section = '';
  const found: { index: number; head: string; value: string }[] = [];
  for (const [index, line] of lines.entries()) {
    const header = /^\s*\[([^\]]+)\]/.exec(line);
    if (header !== null) section = header[1] ?? '';
    const entry = section === 'databases' && !/^\s*[;#]/.test(line) ? ENTRY.exec(line) : null;
    const name = entry?.[2]?.replaceAll('""', '"') ?? entry?.[3];
    if (entry !== null && name === database)
      found.push({ index, head: entry[1] ?? '', value: entry[4] ?? '' });
  }
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  throw new Refused({
    code: 'pgbouncer-line-missing',
    seen: `${found.length} lines for ${database} under [databases]`,
    expected: 'exactly one line of its own: the fallback line "*" serves every other name too',
    next: `write \`${database} = …\` into the file that the runbook names, reload PgBouncer, then repeat`,
  });
}

function withPair(value: string, key: string, to: string): string {
  let found = false;
  const changed = value.replaceAll(PAIR, (pair, name: string) => {
    if (name !== key) return pair;
    found = true;
    return `${key}=${to}`;
  });
  return found ? changed : `${value.trimEnd()} ${key}=${to}`;
}

function quoted(text: string): string {
  return /^[\w.:/-]+$/.test(text) ? text : `'${text.replaceAll("'", "''")}'`;
}

function unquoted(text: string): string {
  return text.startsWith("'") ? text.slice(1, -1).replaceAll("''", "'") : text;
}
