import type { Client } from '../connection.ts';
import { sqlTableName } from '../table-name.ts';
import type { ReplicationFinding } from './preflight.ts';

/**
 * Triggers of the subscriber that fire on what a stream applies. The publisher's have fired for the same change, and what
 * they wrote to a protected table is in the stream: fired again they write it twice, and the two sides differ for good.
 * Partitions count as their table. Those that note what a stream applies are ours.
 *
 * @example await triggerFindings(subscriber, ['public.orders'])
 */
export async function triggerFindings(
  subscriber: Client,
  tables: readonly string[],
): Promise<ReplicationFinding[]> {
  const { rows } = await subscriber.query<{ table: string; trigger: string; always: boolean }>(
    `WITH RECURSIVE streamed (oid) AS (
       SELECT to_regclass(t)::oid FROM unnest($1::text[]) t WHERE to_regclass(t) IS NOT NULL
       UNION SELECT i.inhrelid FROM pg_inherits i JOIN streamed s ON s.oid = i.inhparent)
     SELECT t.tgrelid::regclass::text AS "table", quote_ident(t.tgname) AS trigger, t.tgenabled = 'A' AS always
     FROM pg_trigger t JOIN streamed s ON s.oid = t.tgrelid WHERE t.tgenabled IN ('A', 'R') AND t.tgname NOT LIKE 'roundtrip\\_applied%' ORDER BY 1, 2`,
    [tables.map(sqlTableName)],
  );
  return rows.map(({ table, trigger, always }) => ({
    code: 'trigger-fires-on-replica',
    severity: 'refusal',
    seen: `trigger ${trigger} of ${table} is enabled ${always ? 'ALWAYS' : 'REPLICA'}: it would fire again on every change that is applied`,
    expected: 'triggers that fire where customers write, and not where their changes arrive',
    cure: `ALTER TABLE ${table} ENABLE TRIGGER ${trigger}, until the way back is closed`,
  }));
}
