import type { Client } from '../connection.ts';
import { withoutTextCasts } from '../describe.ts';
import { sqlTableName } from '../table-name.ts';
import type { ReplicationFinding } from './preflight.ts';

/** What decides whether a table takes a row that a stream brings. Foreign keys do not: nothing checks them there. */
interface Strictness {
  readonly columns: readonly {
    readonly name: string;
    readonly type: string;
    readonly required: boolean;
    /** Of an enum; empty for other types. */
    readonly labels: readonly string[];
  }[];
  /** Check and exclusion constraints, and what is unique, each as the server prints it. */
  readonly rules: readonly string[];
}

async function strictness(client: Client, table: string): Promise<Strictness | undefined> {
  const { rows } = await client.query<Strictness>(
    `SELECT (SELECT json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'required', a.attnotnull,
               'labels', ARRAY(SELECT enumlabel::text FROM pg_enum WHERE enumtypid = a.atttypid ORDER BY enumsortorder)) ORDER BY a.attnum)
             FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
            ARRAY(SELECT regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', '') FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype IN ('c', 'x')
                  UNION ALL SELECT 'UNIQUE' || substring(pg_get_indexdef(i.indexrelid) FROM ' USING .*$') FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique ORDER BY 1) AS rules
     FROM pg_class c WHERE c.oid = to_regclass($1)`,
    [sqlTableName(table)],
  );
  return rows[0];
}

/**
 * What customers can write into a table of the publisher and the subscriber does not take: a value that the migration has
 * added to an enum, a longer text, a rule that it has loosened. The first such row stops the stream, and with it the quick
 * way back, hours after anybody looked. A warning: whether such a row ever comes is the application's to know.
 *
 * @example await stricterFindings(live, back, 'public.orders')
 */
export async function stricterFindings(
  publisher: Client,
  subscriber: Client,
  table: string,
): Promise<ReplicationFinding[]> {
  const [ours, theirs] = [await strictness(publisher, table), await strictness(subscriber, table)];
  if (ours === undefined || theirs === undefined) return [];
  const less = [...narrowerColumns(ours, theirs), ...furtherRules(ours, theirs)];
  if (less.length === 0) return [];
  return [
    {
      code: 'other-side-stricter',
      severity: 'warning',
      seen: `${table} of ${subscriber.database} takes less: ${less.join('; ')}`,
      expected: 'a table that takes every row that customers can write',
      cure: `a row that it does not take stops the stream; make room for it in ${subscriber.database} before one is written (ALTER TYPE … ADD VALUE, ALTER TABLE …)`,
    },
  ];
}

function narrowerColumns(ours: Strictness, theirs: Strictness): string[] {
  const there = new Map(theirs.columns.map((column) => [column.name, column]));
  return ours.columns.flatMap(({ name, type, required, labels }) => {
    const other = there.get(name);
    if (other === undefined) return [];
    const lacking = labels.filter((label) => !other.labels.includes(label));
    if (type !== other.type) return [`${name} is ${other.type} there and ${type} here`];
    return [
      ...(lacking.length > 0 ? [`${name} does not know ${lacking.join(', ')}`] : []),
      ...(other.required && !required ? [`${name} must have a value`] : []),
    ];
  });
}

function furtherRules(ours: Strictness, theirs: Strictness): string[] {
  // A dump does not keep expressions on texts to the letter.
  const comparable = (rule: string): string => withoutTextCasts(`constraint ${rule}`);
  const here = new Set(ours.rules.map(comparable));
  return theirs.rules.filter((rule) => !here.has(comparable(rule)));
}
