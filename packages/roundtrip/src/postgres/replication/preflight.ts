import type { Client } from '../connection.ts';
import { canonicalTableName, sqlTableName } from '../table-name.ts';
import { describeTransactions, transactionsWithWrites } from './old-transactions.ts';
import { largeObjectFindings, poolerFindings, privilegeFindings } from './preflight-server.ts';
import { stricterFindings } from './preflight-stricter.ts';
import { triggerFindings } from './preflight-triggers.ts';

/** One thing that would keep a stream from being made, or from lasting. */
export interface ReplicationFinding {
  readonly code: string;
  readonly severity: 'refusal' | 'warning';
  readonly seen: string;
  readonly expected: string;
  readonly cure: string;
}

/** Open transactions older than this are named: making a slot would wait for them. */
const TRANSACTION_SECONDS_MAX = 1;

/**
 * Everything that stands in the way of a stream from the publisher to the subscriber, each with its cure. Looks only.
 * Meant for days ahead as well as for the last moment: `wal_level` needs a restart.
 */
export async function replicationPreflight(options: {
  readonly publisher: Client;
  readonly subscriber: Client;
  readonly tables: readonly string[];
  /**
   * A stream in the other direction that ends before this one begins: it does not loop, and its worker and walsender
   * are free by then.
   */
  readonly endsBefore?: { readonly subscription: string } | undefined;
}): Promise<ReplicationFinding[]> {
  const { publisher, subscriber, endsBefore } = options;
  const freed = endsBefore === undefined ? 0 : 1;
  const tables = options.tables.map(canonicalTableName);
  const poolers = [
    ...(await poolerFindings(publisher)),
    ...(subscriber === publisher ? [] : await poolerFindings(subscriber)),
  ];
  // Nothing that is seen through a pooler is certain to be of one session.
  if (poolers.length > 0) return poolers;
  const found = [
    ...(await privilegeFindings(publisher, tables)),
    ...(await largeObjectFindings(publisher, tables)),
    ...(await publisherFindings(publisher, freed)),
    ...(await subscriberFindings(subscriber, freed)),
    ...(await loopFindings(publisher, tables, endsBefore?.subscription)),
    ...(await triggerFindings(subscriber, tables)),
  ];
  for (const table of tables)
    found.push(
      ...(await tableFindings(publisher, subscriber, table)),
      ...(await stricterFindings(publisher, subscriber, table)),
    );
  return found;
}

function refusal(code: string, seen: string, expected: string, cure: string): ReplicationFinding {
  return { code, severity: 'refusal', seen, expected, cure };
}

async function publisherFindings(publisher: Client, freed: number): Promise<ReplicationFinding[]> {
  const { rows } = await publisher.query<{
    walLevel: string;
    slots: number;
    slotsMax: number;
    senders: number;
    sendersMax: number;
    keepMb: string;
    allowed: boolean;
  }>(
    `SELECT current_setting('wal_level') AS "walLevel", (SELECT count(*)::int FROM pg_replication_slots) AS slots,
            current_setting('max_replication_slots')::int AS "slotsMax", (SELECT count(*)::int FROM pg_stat_replication) AS senders,
            current_setting('max_wal_senders')::int AS "sendersMax",
            (SELECT setting FROM pg_settings WHERE name = 'max_slot_wal_keep_size') AS "keepMb",
            (SELECT rolsuper OR (rolreplication AND has_database_privilege(current_database(), 'CREATE')) FROM pg_roles WHERE rolname = current_user) AS allowed`,
  );
  const [row] = rows;
  if (row === undefined) return [];
  const found: ReplicationFinding[] = [];
  if (row.walLevel !== 'logical')
    found.push(
      refusal(
        'wal-level',
        `wal_level is ${row.walLevel}`,
        'logical',
        'set wal_level = logical and restart the server, days ahead',
      ),
    );
  if (row.slots >= row.slotsMax)
    found.push(
      refusal(
        'no-free-slot',
        `${row.slots} of ${row.slotsMax} replication slots are used`,
        'one free',
        'raise max_replication_slots and restart, or drop a slot nobody uses',
      ),
    );
  if (row.senders - freed >= row.sendersMax)
    found.push(
      refusal(
        'no-free-wal-sender',
        `${row.senders} of ${row.sendersMax} WAL senders are used`,
        'one free',
        'raise max_wal_senders and restart',
      ),
    );
  if (!row.allowed)
    found.push(
      refusal(
        'replication-privilege',
        'the role may not replicate',
        'a superuser, or REPLICATION and CREATE on the database',
        'ALTER ROLE … REPLICATION; GRANT CREATE ON DATABASE …',
      ),
    );
  if (row.keepMb === '-1')
    found.push({
      code: 'slot-uncapped',
      severity: 'warning',
      seen: 'max_slot_wal_keep_size is unlimited',
      expected: 'a cap: a stream that stands still fills the disk',
      cure: "ALTER SYSTEM SET max_slot_wal_keep_size = '20GB'; SELECT pg_reload_conf()",
    });
  const old = await transactionsWithWrites(publisher, { olderThanSeconds: TRANSACTION_SECONDS_MAX });
  if (old.length > 0)
    found.push(
      refusal(
        'old-transactions',
        `open transactions that have written: ${describeTransactions(old)}`,
        'none in any database of the cluster: making a slot waits for them',
        'end them: SELECT pg_terminate_backend(pid), or ROLLBACK PREPARED',
      ),
    );
  return found;
}

async function subscriberFindings(subscriber: Client, freed: number): Promise<ReplicationFinding[]> {
  const { rows } = await subscriber.query<{
    super: boolean;
    member: boolean;
    workers: number;
    workersMax: number;
    origins: number;
    originsMax: number;
  }>(
    `SELECT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS super,
            EXISTS (SELECT FROM pg_roles WHERE rolname = 'pg_create_subscription' AND pg_has_role(current_user, oid, 'USAGE')) AS member,
            (SELECT count(*)::int FROM pg_stat_subscription WHERE pid IS NOT NULL) AS workers,
            current_setting('max_logical_replication_workers')::int AS "workersMax",
            (SELECT count(*)::int FROM pg_replication_origin) AS origins, current_setting('max_replication_slots')::int AS "originsMax"`,
  );
  const [row] = rows;
  if (row === undefined) return [];
  const found: ReplicationFinding[] = [];
  if (!row.super && !row.member)
    found.push(
      refusal(
        'subscription-privilege',
        'the role may not subscribe',
        'a superuser (or a member of pg_create_subscription, from PostgreSQL 16 on)',
        'use such a role for the target',
      ),
    );
  if (row.workers - freed >= row.workersMax)
    found.push(
      refusal(
        'no-free-worker',
        `${row.workers} of ${row.workersMax} logical replication workers are used`,
        'one free',
        'raise max_logical_replication_workers and restart',
      ),
    );
  if (row.origins >= row.originsMax)
    found.push(
      refusal(
        'no-free-origin',
        `${row.origins} of ${row.originsMax} replication origins are used`,
        'one free',
        'raise max_replication_slots of the subscriber and restart',
      ),
    );
  return found;
}

/** PostgreSQL 15 cannot tell its own changes from replicated ones: both directions at once would loop. */
async function loopFindings(
  publisher: Client,
  tables: readonly string[],
  endsBefore: string | undefined,
): Promise<ReplicationFinding[]> {
  const { rows } = await publisher.query<{ name: string }>(
    `SELECT DISTINCT s.subname AS name FROM pg_subscription s JOIN pg_subscription_rel r ON r.srsubid = s.oid
     WHERE s.subenabled AND s.subname IS DISTINCT FROM $2 AND r.srrelid = ANY (SELECT to_regclass(t) FROM unnest($1::text[]) t)`,
    [tables.map(sqlTableName), endsBefore ?? null],
  );
  return rows.map(({ name }) =>
    refusal(
      'would-loop',
      `subscription ${name} writes to the same tables on the publisher`,
      'one direction at a time',
      'end the forward stream before the reverse one begins',
    ),
  );
}

interface TableFacts {
  readonly persistence: string;
  readonly identity: string;
  readonly keyed: boolean;
  readonly columns: readonly ColumnFacts[];
}

interface ColumnFacts {
  readonly name: string;
  readonly required: boolean;
  readonly generated: boolean;
  readonly identity: boolean;
}

async function tableFacts(client: Client, table: string): Promise<TableFacts | undefined> {
  const { rows } = await client.query<TableFacts>(
    `SELECT c.relpersistence AS persistence, c.relreplident AS identity,
            EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary) AS keyed,
            (SELECT json_agg(json_build_object('name', a.attname, 'generated', a.attgenerated <> '',
               'required', a.attnotnull AND NOT a.atthasdef AND a.attidentity = '',
               'identity', EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND a.attnum = ANY (i.indkey)
                            AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END)) ORDER BY a.attnum)
             FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
     FROM pg_class c WHERE c.oid = to_regclass($1) AND c.relkind IN ('r', 'p')`,
    [sqlTableName(table)],
  );
  return rows[0];
}

async function tableFindings(
  publisher: Client,
  subscriber: Client,
  table: string,
): Promise<ReplicationFinding[]> {
  const [ours, theirs] = [await tableFacts(publisher, table), await tableFacts(subscriber, table)];
  if (ours === undefined || theirs === undefined) {
    const side = ours === undefined ? publisher.database : subscriber.database;
    return [
      refusal(
        'table-missing',
        `no table ${table} in ${side}`,
        'it on both sides',
        'correct the list of protected tables',
      ),
    ];
  }
  const found: ReplicationFinding[] = [];
  if (ours.persistence !== 'p')
    found.push(
      refusal(
        'table-unlogged',
        `${table} is ${ours.persistence === 'u' ? 'unlogged' : 'temporary'}`,
        'a logged table',
        `ALTER TABLE ${table} SET LOGGED`,
      ),
    );
  if (ours.identity === 'n' || (ours.identity === 'd' && !ours.keyed))
    found.push(
      refusal(
        'no-replica-identity',
        `${table} has no replica identity: published, its UPDATE and DELETE would fail`,
        'a primary key, or another replica identity',
        `ALTER TABLE ${table} ADD PRIMARY KEY …, or ALTER TABLE ${table} REPLICA IDENTITY USING INDEX …`,
      ),
    );
  if (!theirs.keyed)
    found.push({
      code: 'subscriber-without-key',
      severity: 'warning',
      seen: `${table} has no primary key in ${subscriber.database}`,
      expected: 'one: each change would scan the table',
      cure: `ALTER TABLE ${table} ADD PRIMARY KEY …`,
    });
  return [...found, ...columnFindings(table, ours, theirs)];
}

function columnFindings(table: string, ours: TableFacts, theirs: TableFacts): ReplicationFinding[] {
  const found: ReplicationFinding[] = [];
  const names = new Set(ours.columns.map(({ name }) => name));
  const other = new Map(theirs.columns.map((column) => [column.name, column]));
  const leftOut = ours.columns.filter(
    ({ name, generated }) => !generated && other.get(name)?.generated !== false,
  );
  const needed = leftOut.filter(({ identity }) => identity || ours.identity === 'f');
  if (needed.length > 0)
    found.push(
      refusal(
        'identity-column-missing',
        `${needed.map(({ name }) => name).join(', ')} of ${table} is part of its replica identity and not on the other side`,
        'every column of the replica identity on both sides',
        'keep the key, or choose another replica identity',
      ),
    );
  else if (leftOut.length > 0)
    found.push({
      code: 'columns-left-out',
      severity: 'warning',
      seen: `the other side of ${table} has no ${leftOut.map(({ name }) => name).join(', ')}`,
      expected: 'the same columns',
      cure: 'their values do not flow: make sure that they may be lost on the way back',
    });
  const unfilled = theirs.columns.filter(({ name, required }) => required && !names.has(name));
  if (unfilled.length > 0)
    found.push(
      refusal(
        'column-unfilled',
        `${unfilled.map(({ name }) => name).join(', ')} of ${table} must have a value and is not sent`,
        'a default, or NULL allowed',
        'keep the column in the migrated schema, or give it a default in the return database',
      ),
    );
  return found;
}
