import { parseTableName } from '../postgres/table-name.ts';
import type { DatabaseFacts, TableFacts } from './database-facts.ts';

/** A table with what is proposed of it, and why: a human decides. */
export interface TableProposal extends TableFacts {
  readonly isProtected: boolean;
  /** Why it is proposed or not, for the comment beside its name. */
  readonly why: string;
  /** Foreign keys of other tables that point at it, and its own that point at others. */
  readonly keysIn: number;
  readonly keysOut: number;
}

/** Where migration tools note what they have applied: the migration itself writes there. */
const TOOL_RECORDS =
  /^(django_migrations|_prisma_migrations|__drizzle_migrations|knex_migrations(_lock)?|pgmigrations|flyway_schema_history|schema_migrations|ar_internal_metadata|alembic_version|goose_db_version)$/;
/** What is gone tomorrow anyway. */
const PASSING = /(^|_)(sessions?|caches?|jobs?|queues?|locks?|tokens?|temp|tmp)(_|$)/;
const PEOPLE =
  /(^|_)(users?|customers?|clients?|accounts?|members?|persons?|people|patients?|employees?|students?|subscribers?|contacts?)$/;
const FACTS =
  /(^|_)(orders?|order_items|order_lines|invoices?|payments?|transactions?|transfers?|bookings?|reservations?|shipments?|carts?|cart_items|baskets?|tickets?|messages?|ledger|history|refunds?|subscriptions?|reviews?|comments?|events?)$/;
/** What is described, not what happened: the kind that migrations rebuild and that an import brings again. */
const CATALOGUE =
  /(^|_)(products?|items?|goods|categor(y|ies)|brands?|prices?|stocks?|tariffs?|plans?|types?|kinds?|statuses|status|settings?|countr(y|ies)|currenc(y|ies)|permissions?|groups?|content_type)$/;
/** A table with at least this share of all rows is not a small one. */
const LARGE_SHARE = 0.05;

/**
 * Which tables a migration must not change, by their names, the graph of foreign keys, who writes them and how large they are. Pure.
 *
 * A table too many is found by the rehearsal, which names the rows that changed; one too few is found by nobody, and what customers
 * write to it after the switch is lost in a rollback. So in doubt it is protected.
 *
 * @example proposeTables(facts, { migrates: ['products'] }).filter(({ isProtected }) => isProtected)
 */
export function proposeTables(
  facts: Pick<DatabaseFacts, 'tables' | 'foreignKeys'>,
  options: { readonly migrates: readonly string[] } = { migrates: [] },
): readonly TableProposal[] {
  const { tables, foreignKeys: keys } = facts;
  const why = new Map<string, { readonly isProtected: boolean; readonly why: string }>();
  const protect = (table: string, reason: string): void => {
    if (!why.has(table)) why.set(table, { isProtected: true, why: reason });
  };
  for (const table of tables) {
    const reason = neverProtected(table, options.migrates);
    if (reason !== undefined) why.set(table.table, { isProtected: false, why: reason });
  }
  for (const { table } of tables) {
    const { name } = parseTableName(table.toLowerCase());
    if (PEOPLE.test(name)) protect(table, 'by its name it holds people or what is theirs');
    else if (FACTS.test(name)) protect(table, 'by its name it holds what happened and cannot be made again');
  }
  const isProtected = (table: string): boolean => why.get(table)?.isProtected === true;
  const everyKey = (follow: (key: { table: string; target: string }) => void): void => {
    // Each round adds a table or is the last one.
    for (let known = -1; known !== why.size; ) {
      known = why.size;
      for (const key of keys) follow(key);
    }
  };
  everyKey(({ table, target }) => {
    if (isProtected(target)) protect(table, `its rows belong to those of ${target}`);
  });
  for (const { table } of tables) {
    if (why.has(table) || !CATALOGUE.test(parseTableName(table.toLowerCase()).name)) continue;
    why.set(table, {
      isProtected: false,
      why: 'by its name it describes, which migrations rebuild; protect it where customers write it',
    });
  }
  for (const { table, changes } of tables)
    if (changes > 0) protect(table, `${changes} rows were updated or deleted: somebody writes it`);
  everyKey(({ table, target }) => {
    if (isProtected(table)) protect(target, `rows of ${table} point at it`);
  });
  const all = tables.reduce((sum, { rows }) => sum + (rows ?? 0), 0);
  for (const { table, rows } of tables)
    if (rows !== null && rows > 0 && rows >= all * LARGE_SHARE)
      protect(table, 'one of those with the most rows');
  return tables.map((facts) => ({
    ...facts,
    ...(why.get(facts.table) ?? {
      isProtected: false,
      why: 'small, nobody writes it, and no protected table points at it',
    }),
    keysIn: keys.filter(({ target, table }) => target === facts.table && table !== facts.table).length,
    keysOut: keys.filter(({ target, table }) => table === facts.table && target !== facts.table).length,
  }));
}

function neverProtected(
  { table, logged }: Pick<TableFacts, 'table' | 'logged'>,
  migrates: readonly string[],
): string | undefined {
  const { name } = parseTableName(table);
  if (migrates.includes(table)) return 'the migration changes it (--migrates)';
  if (TOOL_RECORDS.test(name)) return 'the record of the migration tool, which the migration writes';
  if (!logged) return 'unlogged: replication does not see it';
  if (PASSING.test(name.toLowerCase())) return 'by its name it holds what is gone tomorrow anyway';
  return undefined;
}
