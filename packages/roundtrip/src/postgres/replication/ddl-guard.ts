import { type Client, rollBack } from '../connection.ts';

/** Events of the server that the guard listens to; one trigger each, named after it. */
const EVENTS = {
  roundtrip_ddl_guard_start: 'ddl_command_start',
  roundtrip_ddl_guard_end: 'ddl_command_end',
  roundtrip_ddl_guard_drop: 'sql_drop',
  roundtrip_ddl_guard_rewrite: 'table_rewrite',
} as const;

/**
 * Whether an object is temporary is not known before the command has run; these are let through until then, and a
 * refusal takes them back. CONCURRENTLY commits on its way and could not be taken back.
 */
const JUDGED_AT_THE_END = [
  ...['TABLE', 'INDEX', 'SEQUENCE', 'VIEW'].flatMap((kind) => [
    `CREATE ${kind}`,
    `ALTER ${kind}`,
    `DROP ${kind}`,
  ]),
  ...['CREATE TABLE AS', 'SELECT INTO', 'CREATE FUNCTION', 'DROP FUNCTION', 'CREATE TYPE', 'DROP TYPE'],
];

/** Commands that the server counts as DDL and that leave the schema as it is. */
const HARMLESS = ['REFRESH MATERIALIZED VIEW', 'REINDEX'];

const SQL_STATE = '55000';

/**
 * Lets the server refuse DDL in the database of the session, superusers' too, with a message that says why and until
 * when: DDL is not replicated, and a copy that is kept in step would lack it. Temporary objects are free, so that no
 * application stops working. Comes to bear on what begins from now on.
 *
 * Returns false where the role may not make an event trigger (a superuser may, PostgreSQL manual, CREATE EVENT
 * TRIGGER): then the description of the schema decides, at the switch. Shared objects (roles, databases) and event
 * triggers fire no event trigger.
 *
 * @example await installDdlGuard(client, { stream: 'forward_ab12', until: 'the switch, planned for 2026-11-24 03:00 MSK' })
 */
export async function installDdlGuard(
  client: Client,
  options: { readonly stream: string; readonly until: string },
): Promise<boolean> {
  const { stream, until } = options;
  await removeDdlGuard(client);
  const list = (tags: readonly string[]): string => tags.map((tag) => client.escapeLiteral(tag)).join(', ');
  const seen = `DDL is refused in ${client.database}: roundtrip keeps a copy of it in step (${stream}), which would lack the change`;
  const hint = `Wait until ${until}, or abandon the copy.`;
  await client.query('BEGIN');
  try {
    await client.query('CREATE SCHEMA IF NOT EXISTS roundtrip');
    await client.query(
      `CREATE FUNCTION roundtrip.refuse_ddl() RETURNS event_trigger LANGUAGE plpgsql SET search_path = pg_catalog AS ${client.escapeLiteral(
        `BEGIN
           IF tg_tag IN (${list(HARMLESS)}) THEN RETURN; END IF;
           IF tg_event = 'ddl_command_start' THEN
             IF tg_tag IN (${list(JUDGED_AT_THE_END)}) AND current_query() !~* 'concurrently' THEN RETURN; END IF;
           ELSIF tg_event = 'ddl_command_end' THEN
             IF NOT EXISTS (SELECT FROM pg_event_trigger_ddl_commands() c WHERE c.schema_name IS DISTINCT FROM 'pg_temp') THEN RETURN; END IF;
           ELSIF tg_event = 'sql_drop' THEN
             IF NOT EXISTS (SELECT FROM pg_event_trigger_dropped_objects() o WHERE o.original AND NOT o.is_temporary) THEN RETURN; END IF;
           ELSIF EXISTS (SELECT FROM pg_class WHERE oid = pg_event_trigger_table_rewrite_oid() AND relpersistence = 't') THEN RETURN;
           END IF;
           RAISE EXCEPTION USING ERRCODE = '${SQL_STATE}', MESSAGE = ${client.escapeLiteral(seen)}, HINT = ${client.escapeLiteral(hint)};
         END`,
      )}`,
    );
    for (const [name, event] of Object.entries(EVENTS)) {
      await client.query(`CREATE EVENT TRIGGER ${name} ON ${event} EXECUTE FUNCTION roundtrip.refuse_ddl()`);
      // Sessions that apply changes of another server are no exception.
      await client.query(`ALTER EVENT TRIGGER ${name} ENABLE ALWAYS`);
    }
    await client.query('COMMIT');
    return true;
  } catch (error) {
    await rollBack(client);
    if ((error as { code?: string }).code === '42501') return false;
    throw error;
  }
}

/** Lets DDL go on; nothing to do is fine. Comes before any DDL of our own. */
export async function removeDdlGuard(client: Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    'SELECT evtname AS name FROM pg_event_trigger WHERE evtname = ANY ($1)',
    [Object.keys(EVENTS)],
  );
  for (const { name } of rows) await client.query(`DROP EVENT TRIGGER IF EXISTS ${name}`);
  await client.query('DROP FUNCTION IF EXISTS roundtrip.refuse_ddl()');
}
