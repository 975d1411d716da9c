import { digestOf } from '../digest.ts';
import { Bug } from '../errors.ts';
import type { Client } from './connection.ts';
import { SCHEMA_FACTS } from './schema-facts.ts';

/** What a database is besides its rows. Free of the database's name, so that a copy can be compared. */
export interface DatabaseDescription {
  /** One line a fact, sorted: "column public.orders.id bigint NOT NULL". */
  readonly facts: readonly string[];
  readonly schemaHash: string;
  readonly creation: {
    readonly owner: string;
    readonly encoding: string;
    readonly collate: string;
    readonly ctype: string;
    /** Set where the locale is not libc's. */
    readonly icuLocale?: string | undefined;
    /** `CONNECTION LIMIT`, where there is one. */
    readonly connectionLimit?: number | undefined;
    /** Where the database is kept, if not in `pg_default`; a matter of the machine, and not compared. */
    readonly tablespace?: string | undefined;
    /** `COMMENT ON DATABASE`. */
    readonly comment?: string | undefined;
  };
  /** `ALTER DATABASE … SET`, per role where the role is not null. pg_restore without --create does not bring them. */
  readonly settings: readonly { readonly role: string | null; readonly setting: string }[];
  /** Rights on the database itself; null where they are the defaults. */
  readonly grants:
    | readonly { readonly grantee: string; readonly privilege: string; readonly grantable: boolean }[]
    | null;
}

/** Describes the database of the session, in the session's snapshot where it has one. */
export async function describeDatabase(client: Client): Promise<DatabaseDescription> {
  const facts: string[] = [];
  // A fixed search_path: names in definitions print qualified, whatever the role's own setting is.
  // Compiling a query that reads a few rows takes longer than running it.
  await client.query(
    "SELECT set_config('search_path', 'pg_catalog', false), set_config('jit', 'off', false)",
  );
  for (const sql of SCHEMA_FACTS) {
    const { rows } = await client.query<[string]>({ text: sql, rowMode: 'array' });
    for (const [fact] of rows) facts.push(withoutTextCasts(sortedAcl(fact)));
  }
  const creation = await readCreation(client);
  facts.sort();
  return {
    facts,
    schemaHash: digestOf(facts),
    creation,
    settings: await readSettings(client),
    grants: await readGrants(client),
  };
}

/** What differs, as sentences; empty when the two are alike. */
export function compareDescriptions(a: DatabaseDescription, b: DatabaseDescription): string[] {
  const lines = (description: DatabaseDescription): string[] => [
    ...description.facts,
    ...description.settings.map(({ role, setting }) => `setting ${role ?? 'all roles'} ${setting}`),
    ...(description.grants ?? []).map(
      ({ grantee, privilege, grantable }) =>
        `database grant ${grantee} ${privilege}${grantable ? ' with grant option' : ''}`,
    ),
    `database ${Object.values({ ...description.creation, tablespace: '' }).join(' ')}`,
  ];
  const [left, right] = [new Set(lines(a)), new Set(lines(b))];
  return [
    ...[...left].filter((line) => !right.has(line)).map((line) => `missing: ${line}`),
    ...[...right].filter((line) => !left.has(line)).map((line) => `additional: ${line}`),
  ];
}

/** Access lists print in the order in which rights were granted; a restore grants in another order. */
function sortedAcl(fact: string): string {
  return fact.replaceAll(
    /(?<= acl )\{([^}]*)\}/g,
    (_whole, list: string) => `{${list.split(',').sort().join(',')}}`,
  );
}

/** Facts with expressions in them. */
const EXPRESSIONS =
  /^(column|constraint|domain|index|partition|policy|publication|rule|statistics|trigger|view) /;

/**
 * An expression on varchar columns does not survive a dump to the letter: `(status)::text = ANY ((ARRAY[…])::text[])`
 * comes back as `ANY (ARRAY[('new'::character varying)::text, …])`. Casts between the text types and the parentheses
 * around them are left out of what is compared.
 *
 * @example withoutTextCasts("constraint CHECK ((status)::text = 'new'::text)") // "constraint CHECK status = 'new'"
 */
export function withoutTextCasts(fact: string): string {
  if (!EXPRESSIONS.test(fact)) return fact;
  // Quoted literals, the odd parts, stay as they are.
  return fact
    .split(/('(?:[^']|'')*')/)
    .map((part, at) => (at % 2 === 1 ? part : withoutCasts(part)))
    .join('');
}

function withoutCasts(code: string): string {
  return code
    .replaceAll(/::(character varying|text|bpchar|character)(\(\d+\))?(\[\])?/g, '')
    .replaceAll(/[()\s]+/g, ' ')
    .replaceAll(/ ?([[\],;]) ?/g, '$1');
}

async function readCreation(client: Client): Promise<DatabaseDescription['creation']> {
  const { rows } = await client.query<{
    always: Pick<DatabaseDescription['creation'], 'owner' | 'encoding' | 'collate' | 'ctype'>;
    elsewhere: Partial<DatabaseDescription['creation']>;
  }>(
    `SELECT json_build_object('owner', datdba::regrole::text, 'encoding', pg_encoding_to_char(encoding), 'collate', datcollate, 'ctype', datctype) AS always,
            json_strip_nulls(json_build_object(
              'icuLocale', CASE WHEN datlocprovider = 'i' THEN coalesce(to_jsonb(d) ->> 'daticulocale', to_jsonb(d) ->> 'datlocale') END,
              'connectionLimit', nullif(datconnlimit, -1),
              'tablespace', (SELECT spcname FROM pg_tablespace t WHERE t.oid = dattablespace AND spcname <> 'pg_default'),
              'comment', shobj_description(d.oid, 'pg_database'))) AS elsewhere
     FROM pg_database d WHERE datname = current_database()`,
  );
  const [row] = rows;
  if (row === undefined)
    throw new Bug({
      code: 'database-unlisted',
      seen: 'the session is in a database that pg_database does not list',
      expected: 'its row in pg_database',
      next: 'report this',
    });
  return { ...row.always, ...row.elsewhere };
}

async function readSettings(client: Client): Promise<DatabaseDescription['settings']> {
  const { rows } = await client.query<{ role: string | null; setting: string }>(
    `SELECT r.rolname AS role, unnest(s.setconfig) AS setting FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole
     WHERE s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY 1, 2`,
  );
  return rows;
}

async function readGrants(client: Client): Promise<DatabaseDescription['grants']> {
  const { rows } = await client.query<{
    unset: boolean;
    grants: { grantee: string; privilege: string; grantable: boolean }[];
  }>(
    `SELECT datacl IS NULL AS unset, coalesce((SELECT json_agg(json_build_object('grantee', CASE WHEN e.grantee = 0 THEN 'PUBLIC' ELSE e.grantee::regrole::text END,
              'privilege', e.privilege_type, 'grantable', e.is_grantable) ORDER BY e.grantee::text, e.privilege_type) FROM aclexplode(datacl) e), '[]') AS grants
     FROM pg_database WHERE datname = current_database()`,
  );
  const [row] = rows;
  return row === undefined || row.unset ? null : row.grants;
}
