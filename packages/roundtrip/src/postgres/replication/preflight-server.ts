import type { Client } from '../connection.ts';
import { sqlTableName } from '../table-name.ts';
import type { ReplicationFinding } from './preflight.ts';

/**
 * Whether our session is the server's own. A pooler (PgBouncer, Odyssey, pgcat) gives a client the identity of a
 * session that it made up: the number that came with the greeting is not the one that the server says. Through one, a
 * slot's snapshot, an advisory lock, a spared session of the fence and the pinned settings may each be another
 * session's; and the fence would cut us off with everyone else.
 */
export async function poolerFindings(client: Client): Promise<ReplicationFinding[]> {
  const greeted = (client as unknown as { readonly processID: number | null }).processID;
  const { rows } = await client.query<{ pid: number; server: string | null; port: number | null }>(
    'SELECT pg_backend_pid() AS pid, host(inet_server_addr()) AS server, inet_server_port() AS port',
  );
  const [row] = rows;
  if (row === undefined || greeted === row.pid) return [];
  return [
    {
      code: 'pooler-in-between',
      severity: 'refusal',
      seen: `the session in ${client.database} at ${client.host}:${client.port} is ${greeted ?? 'unnamed'} by its greeting and ${row.pid} by the server's word: a pooler stands between`,
      expected: 'a session of the server itself: slots, snapshots, locks and the fence belong to a session',
      cure: `give the target the server's own address${row.server === null ? '' : ` (the server says ${row.server}:${row.port})`}; clients may go on through the pooler`,
    },
  ];
}

/**
 * What the role lacks of what comes after the stream is there: publishing tables is their owner's, ending sessions and
 * renaming databases is for few, an event trigger is a superuser's.
 */
export async function privilegeFindings(
  publisher: Client,
  tables: readonly string[],
): Promise<ReplicationFinding[]> {
  const { rows } = await publisher.query<{
    super: boolean;
    ends: boolean;
    renames: boolean;
    foreign: string[];
    role: string;
  }>(
    `SELECT r.rolname AS role, r.rolsuper AS super, pg_has_role(current_user, 'pg_signal_backend', 'USAGE') AS ends,
            (r.rolcreatedb AND pg_has_role(current_user, d.datdba, 'USAGE')) AS renames,
            ARRAY(SELECT name FROM unnest($1::text[], $2::text[]) t (sql, name) JOIN pg_class c ON c.oid = to_regclass(sql) WHERE NOT pg_has_role(current_user, c.relowner, 'USAGE')) AS foreign
     FROM pg_roles r, pg_database d WHERE r.rolname = current_user AND d.datname = current_database()`,
    [tables.map(sqlTableName), tables],
  );
  const [row] = rows;
  if (row === undefined || row.super) return [];
  const found: ReplicationFinding[] = [];
  if (row.foreign.length > 0)
    found.push({
      code: 'table-not-owned',
      severity: 'refusal',
      seen: `${row.role} does not own ${row.foreign.join(', ')}`,
      expected: 'the owner of every table that is published, or a superuser',
      cure: `GRANT their owner TO ${row.role}, or use a superuser for the target`,
    });
  if (!row.ends || !row.renames)
    found.push({
      code: 'fence-privilege',
      severity: 'refusal',
      seen: `${row.role} may not ${[...(row.ends ? [] : ["end other roles' sessions"]), ...(row.renames ? [] : [`rename ${publisher.database}`])].join(', nor ')}`,
      expected: 'both, for the fence and the switch',
      cure: `GRANT pg_signal_backend TO ${row.role}; ALTER ROLE ${row.role} CREATEDB; own the database; or use a superuser, who alone can end superusers' sessions`,
    });
  found.push({
    code: 'ddl-unguarded',
    severity: 'warning',
    seen: `${row.role} may not make event triggers`,
    expected: 'a superuser: the server would refuse DDL while a copy is kept in step',
    cure: 'tell everyone not to change the schema; what is changed is found at the switch and refuses it',
  });
  return found;
}

/**
 * Large objects are not replicated. A copy has those of its snapshot; what customers add or change later stays behind,
 * both ways. A protected table with a column that can hold the number of one points at what is not there.
 */
export async function largeObjectFindings(
  publisher: Client,
  tables: readonly string[],
): Promise<ReplicationFinding[]> {
  const { rows } = await publisher.query<{ any: boolean; columns: string[] }>(
    `SELECT EXISTS (SELECT FROM pg_largeobject_metadata) AS any,
            ARRAY(SELECT name || '.' || a.attname FROM unnest($1::text[], $2::text[]) t (sql, name) JOIN pg_attribute a ON a.attrelid = to_regclass(sql) JOIN pg_type y ON y.oid = a.atttypid
                  WHERE a.attnum > 0 AND NOT a.attisdropped AND (y.oid = 'oid'::regtype OR y.typname = 'lo')) AS columns`,
    [tables.map(sqlTableName), tables],
  );
  const [row] = rows;
  if (row?.any !== true) return [];
  const pointing = row.columns.length > 0;
  return [
    {
      code: 'large-objects',
      severity: pointing ? 'refusal' : 'warning',
      seen: `${publisher.database} has large objects${pointing ? `, and ${row.columns.join(', ')} may point at them` : ''}`,
      expected: 'none: they are not replicated, and those written later would stay behind',
      cure: 'keep such values in bytea columns, or outside the database; where nothing writes them, remove the unused ones with vacuumlo',
    },
  ];
}
