import type { Client } from '../postgres/connection.ts';
import type { Plan } from '../runbook/plan.ts';
import type { Check, Finding } from './check.ts';

/** Names in a message; beyond these they are counted. */
const NAMED_MAX = 10;

/**
 * What the target's role lacks for reading everything into a backup, restoring it as it was, and exchanging databases. What
 * replication needs besides is asked by the steps that replicate.
 */
export const privileges: Check = {
  name: 'privileges',
  appliesTo: ['live'],
  async run({ plan, session }) {
    const client = await session();
    const role = await ownRole(client);
    if (role.super) return [];
    const found: Finding[] = [];
    if (has(plan, 'backup', 'copy-beside', 'staging-copy'))
      found.push(...(await unreadable(client, role.name)), ...(await unrestorable(client, role)));
    if (has(plan, 'way-back', 'switch-over')) found.push(...exchange(role));
    return found;
  },
};

interface OwnRole {
  readonly name: string;
  readonly super: boolean;
  readonly creates: boolean;
  readonly owns: boolean;
  readonly ends: boolean;
}

function has(plan: Plan, ...kinds: readonly string[]): boolean {
  return plan.steps.some(({ kind }) => kinds.includes(kind));
}

async function ownRole(client: Client): Promise<OwnRole> {
  const { rows } = await client.query<OwnRole>(
    `SELECT r.rolname AS name, r.rolsuper AS super, r.rolcreatedb AS creates, pg_has_role(current_user, d.datdba, 'USAGE') AS owns,
            pg_has_role(current_user, 'pg_signal_backend', 'USAGE') AS ends
     FROM pg_roles r, pg_database d WHERE r.rolname = current_user AND d.datname = current_database()`,
  );
  return rows[0] ?? { name: 'unknown', super: false, creates: false, owns: false, ends: false };
}

/** pg_dump locks every table before it reads the first: one that may not be read ends the backup at its beginning. */
async function unreadable(client: Client, role: string): Promise<Finding[]> {
  const { rows } = await client.query<{ name: string; hides: boolean }>(
    `SELECT c.oid::regclass::text AS name, readable AS hides
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace,
          LATERAL (SELECT has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS readable) r
     WHERE c.relkind IN ('r', 'p', 'S', 'm') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
       AND (NOT readable OR (c.relrowsecurity AND row_security_active(c.oid)))
     ORDER BY 1`,
  );
  const found: Finding[] = [];
  const closed = rows.filter(({ hides }) => !hides).map(({ name }) => name);
  if (closed.length > 0)
    found.push({
      code: 'table-unreadable',
      severity: 'refusal',
      seen: `${role} may not read ${named(closed)}`,
      expected: 'SELECT on everything that a backup holds',
      cure: `GRANT pg_read_all_data TO ${role}`,
    });
  const hiding = rows.filter(({ hides }) => hides).map(({ name }) => name);
  if (hiding.length > 0)
    found.push({
      code: 'rows-hidden',
      severity: 'refusal',
      seen: `row security hides rows of ${named(hiding)} from ${role}: pg_dump refuses them`,
      expected: 'a role that sees every row',
      cure: `ALTER ROLE ${role} BYPASSRLS`,
    });
  return found;
}

async function unrestorable(client: Client, role: OwnRole): Promise<Finding[]> {
  const { rows } = await client.query<{ owner: string }>(
    `SELECT DISTINCT pg_get_userbyid(owner) AS owner FROM (
       SELECT relowner AS owner, relnamespace AS schema FROM pg_class UNION ALL SELECT proowner, pronamespace FROM pg_proc
       UNION ALL SELECT typowner, typnamespace FROM pg_type UNION ALL SELECT nspowner, oid FROM pg_namespace) o
       JOIN pg_namespace n ON n.oid = o.schema
     WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND NOT pg_has_role(current_user, owner, 'MEMBER')
     ORDER BY 1`,
  );
  const found: Finding[] = [];
  if (!role.creates)
    found.push({
      code: 'may-not-create-databases',
      severity: 'refusal',
      seen: `${role.name} may not create databases`,
      expected: 'CREATEDB: a backup counts once it is restored, into a database of its own',
      cure: `ALTER ROLE ${role.name} CREATEDB`,
    });
  if (rows.length > 0)
    found.push({
      code: 'may-not-give-away',
      severity: 'refusal',
      seen: `${role.name} is no member of ${named(rows.map(({ owner }) => owner))}, who own objects of the database`,
      expected: 'a role that can give restored objects back to their owners',
      cure: `GRANT ${rows.map(({ owner }) => owner).join(', ')} TO ${role.name}`,
    });
  return found;
}

function exchange({ name, creates, owns, ends }: OwnRole): Finding[] {
  const lacks = [
    ...(owns ? [] : ['own the database']),
    ...(creates ? [] : ['create databases']),
    ...(ends ? [] : ["end other roles' sessions"]),
  ];
  if (lacks.length === 0) return [];
  return [
    {
      code: 'may-not-exchange',
      severity: 'refusal',
      seen: `${name} may not ${lacks.join(', nor ')}`,
      expected: 'all three: a rollback closes the database, ends its sessions and renames it',
      cure: `ALTER DATABASE … OWNER TO ${name}; ALTER ROLE ${name} CREATEDB; GRANT pg_signal_backend TO ${name}`,
    },
  ];
}

function named(names: readonly string[]): string {
  const more = names.length - NAMED_MAX;
  return `${names.slice(0, NAMED_MAX).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
