import { Refused } from '../errors.ts';
import type { DatabaseAddress } from '../postgres/connection.ts';

/**
 * The address of a control store, in libpq's form for connection URIs. A password has no place in it: an argument shows in
 * `ps`, a variable in the environment of children. It stays in the file that `passfile` names, in pgpass format, mode 0600.
 *
 * @throws Refused `usage`; it never repeats what was given, which may hold a password.
 * @see https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS
 * @example controlAddress('postgresql://roundtrip@control.example.com:5432/roundtrip?passfile=/etc/roundtrip/pgpass')
 */
export function controlAddress(text: string): DatabaseAddress {
  if (!URL.canParse(text)) throw notAnAddress('what was given is no URI');
  const url = new URL(text);
  if (!/^postgres(ql)?:$/.test(url.protocol)) throw notAnAddress('its scheme is not postgresql');
  if (url.password !== '' || url.searchParams.has('password')) throw notAnAddress('it holds a password');
  const unknown = [...url.searchParams.keys()].filter((name) => name !== 'passfile');
  if (unknown.length > 0) throw notAnAddress(`its parameter ${unknown.join(', ')} is not known here`);
  const host = decodeURIComponent(url.hostname);
  const database = decodeURIComponent(url.pathname.slice(1));
  const user = decodeURIComponent(url.username);
  if (host === '' || database === '' || user === '') throw notAnAddress('host, user or database is missing');
  const passwordFile = url.searchParams.get('passfile') ?? undefined;
  return { host, port: Number(url.port || 5432), user, database, passwordFile };
}

/** The address for messages: no file, no password. */
export function shownAddress({ host, port, database }: DatabaseAddress): string {
  return `${host}:${port}/${database}`;
}

function notAnAddress(seen: string): Refused {
  return new Refused({
    code: 'usage',
    seen: `the address of the control store: ${seen}`,
    expected: 'postgresql://USER@HOST:PORT/DATABASE?passfile=FILE',
    next: 'correct --control-store or ROUNDTRIP_CONTROL_STORE; the password goes into the file, in pgpass format',
  });
}
