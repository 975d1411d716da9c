import type { Node } from '@pgsql/types';
import { makesWait } from './lock-mode.ts';
import type { LintedStatement, LintFinding, Statement } from './statement.ts';

/** A statement that customers may wait for, with the tables that it closes to them. */
interface Closing {
  readonly statement: LintedStatement;
  readonly tables: readonly string[];
}

/** What is dangerous about the statements of one file together. */
export function judgeTransactions(
  statements: readonly LintedStatement[],
  parsed: readonly Statement[],
  { lockTimeoutIsSet }: { readonly lockTimeoutIsSet: boolean },
): readonly LintFinding[] {
  const closing = statements.map(closes);
  return [
    ...(lockTimeoutIsSet ? [] : unbounded(closing, parsed)),
    ...severalTables(closing),
    ...slowBehindLock(closing, parsed),
  ];
}

function closes(statement: LintedStatement): Closing {
  const made = new Set(statement.made);
  const tables = statement.locks
    .filter(({ relation, mode }) => /writes/.test(makesWait(mode)) && !made.has(relation))
    .map(({ relation }) => relation);
  return { statement, tables };
}

/** Locks queue: while a statement waits for a long report, every customer waits behind it. */
function unbounded(closing: readonly Closing[], parsed: readonly Statement[]): LintFinding[] {
  // SET LOCAL is over with its transaction; SET stays until it is set again.
  const bounded = { session: false, transaction: -1 };
  for (const [index, { statement, tables }] of closing.entries()) {
    const { file, line, transaction } = statement;
    const node = parsed[index]?.node;
    const bound = node === undefined ? undefined : lockTimeout(node);
    if (bound?.local === true) bounded.transaction = bound.set ? transaction : -1;
    else if (bound !== undefined) bounded.session = bound.set;
    if (bounded.session || bounded.transaction === transaction || tables.length === 0) continue;
    return [
      {
        code: 'ddl-no-lock-timeout',
        severity: 'refusal',
        file,
        line,
        seen: `${tables.join(', ')} is locked and no lock_timeout was set: waiting for one long reader, it makes everyone wait`,
        expected: 'a bound on the wait',
        cure: "SET lock_timeout = '2s' before it, and a repetition when it fails; or --lock-timeout-is-set where the tool that runs it sets one",
      },
    ];
  }
  return [];
}

/** What a statement does to lock_timeout; undefined where nothing. */
function lockTimeout(node: Node): { readonly local: boolean; readonly set: boolean } | undefined {
  if (!('VariableSetStmt' in node) || node.VariableSetStmt.name !== 'lock_timeout') return undefined;
  const { is_local = false, args = [] } = node.VariableSetStmt;
  const [value] = args;
  if (value === undefined || !('A_Const' in value)) return { local: is_local, set: false };
  const { ival, sval, fval } = value.A_Const;
  const text = sval?.sval ?? fval?.fval ?? String(ival?.ival ?? 0);
  return { local: is_local, set: Number.parseFloat(text) > 0 };
}

/** A lock is held to the end of its transaction: the first table waits for the work on the last, and two orders deadlock. */
function severalTables(closing: readonly Closing[]): LintFinding[] {
  const found: LintFinding[] = [];
  const tablesOf = new Map<number, Set<string>>();
  const told = new Set<number>();
  for (const { statement, tables } of closing) {
    const { transaction, file, line } = statement;
    const before = tablesOf.get(transaction) ?? new Set<string>();
    tablesOf.set(transaction, before);
    const more = tables.filter((table) => !before.has(table));
    const locksMore = before.size > 0 && more.length > 0;
    for (const table of tables) before.add(table);
    if (!locksMore || told.has(transaction)) continue;
    told.add(transaction);
    found.push({
      code: 'ddl-several-tables',
      severity: 'warning',
      file,
      line,
      seen: `one transaction locks ${[...before].join(', ')} against writes, one after the other`,
      expected:
        'one table a transaction: each stays locked until the end, and customers who use them in another order deadlock with it',
      cure: 'a file for each table',
    });
  }
  return found;
}

/** Work on all rows while a table is closed already. */
function slowBehindLock(closing: readonly Closing[], parsed: readonly Statement[]): LintFinding[] {
  const closedBy = new Map<number, readonly string[]>();
  return closing.flatMap(({ statement, tables }, index): LintFinding[] => {
    const { transaction, file, line } = statement;
    const closed = closedBy.get(transaction) ?? [];
    closedBy.set(transaction, [...closed, ...tables]);
    const node = parsed[index]?.node;
    if (closed.length === 0 || node === undefined || !touchesAllRows(node)) return [];
    return [
      {
        code: 'ddl-fills-behind-lock',
        severity: 'warning',
        file,
        line,
        seen: `all rows of a table are changed while ${[...new Set(closed)].join(', ')} is locked by the same transaction`,
        expected: 'locks that are held for moments',
        cure: 'change the rows in a file of its own, in batches',
      },
    ];
  });
}

function touchesAllRows(node: Node): boolean {
  if ('UpdateStmt' in node) return node.UpdateStmt.whereClause === undefined;
  return 'DeleteStmt' in node && node.DeleteStmt.whereClause === undefined;
}
