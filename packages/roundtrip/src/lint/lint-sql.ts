import { type Catalogue, EMPTY_CATALOGUE } from './catalogue.ts';
import { judgeStatement } from './judge-statement.ts';
import { judgeTransactions } from './judge-transactions.ts';
import { knowledgeOf, learn } from './knowledge.ts';
import { needsNoTransaction } from './needs-no-transaction.ts';
import { parseSql, type SqlFile } from './parse-sql.ts';
import type { LintedStatement, LintFinding, Statement } from './statement.ts';
import { statementEffect } from './statement-effect.ts';

/** What is known besides the files themselves. */
export interface LintOptions {
  /** What the database knows; without it the files are judged alone. */
  readonly catalogue?: Catalogue | undefined;
  /** Whoever executes the files sets `lock_timeout` itself. */
  readonly lockTimeoutIsSet?: boolean | undefined;
  /** Files of the running release that use a table or column of that name; not asked where it is missing. */
  readonly usedIn?: ((name: string) => readonly string[]) | undefined;
}

/** All statements of the migrations in their order, and what is dangerous about them. */
export interface Linted {
  readonly statements: readonly LintedStatement[];
  readonly findings: readonly LintFinding[];
}

/**
 * Reads migrations in the order in which they are executed: which locks each statement takes, whether it rewrites or scans a
 * table, and what is dangerous about it while customers are served. A file is one transaction, unless it begins and commits
 * by itself or has a statement that cannot run in one. Pure.
 *
 * @example (await lintSql([{ name: '0002.sql', text: 'CREATE INDEX ON orders (total)' }])).findings[0]?.code // 'ddl-index-blocks'
 */
export async function lintSql(files: readonly SqlFile[], options: LintOptions = {}): Promise<Linted> {
  const knowledge = knowledgeOf(options.catalogue ?? EMPTY_CATALOGUE);
  const linted: LintedStatement[] = [];
  const findings: LintFinding[] = [];
  let transaction = 0;
  for (const file of files) {
    const parsed = await parseSql(file);
    findings.push(...parsed.findings);
    transaction += 1;
    const numbers = transactionsOf(parsed.statements, transaction);
    const ofFile: LintedStatement[] = [];
    for (const [index, statement] of parsed.statements.entries()) {
      const number = numbers[index] ?? { transaction, explicit: false };
      transaction = Math.max(transaction, number.transaction);
      const { node, ...place } = statement;
      const effect = statementEffect(node, knowledge);
      const context = { knowledge, effect, ...number, usedIn: options.usedIn };
      findings.push(...judgeStatement(statement, context));
      learn(knowledge, node, number.transaction);
      const made = effect.locks
        .map(({ relation }) => relation)
        .filter((name) => knowledge.made.has(name) || knowledge.made.has(knowledge.indexes.get(name) ?? ''));
      ofFile.push({ ...place, ...effect, transaction: number.transaction, made });
    }
    findings.push(
      ...judgeTransactions(ofFile, parsed.statements, {
        lockTimeoutIsSet: options.lockTimeoutIsSet === true,
      }),
    );
    linted.push(...ofFile);
  }
  const place = new Map(files.map(({ name }, index) => [name, index]));
  const at = ({ file, line }: LintFinding): number => (place.get(file) ?? 0) * 1e7 + line;
  return { statements: linted, findings: findings.sort((a, b) => at(a) - at(b)) };
}

/** The number of each statement's transaction, counted on from `first`. */
function transactionsOf(
  statements: readonly Statement[],
  first: number,
): readonly { readonly transaction: number; readonly explicit: boolean }[] {
  const single =
    statements.some(({ node }) => needsNoTransaction(node)) ||
    statements.some(({ node }) => 'TransactionStmt' in node);
  let [number, explicit] = [first, false];
  return statements.map(({ node }, index) => {
    const kind = 'TransactionStmt' in node ? (node.TransactionStmt.kind ?? '') : '';
    const begins = kind === 'TRANS_STMT_BEGIN' || kind === 'TRANS_STMT_START';
    if (single && index > 0 && !explicit) number += 1;
    if (begins) explicit = true;
    const own = { transaction: number, explicit };
    if (kind === 'TRANS_STMT_COMMIT' || kind === 'TRANS_STMT_ROLLBACK') explicit = false;
    return own;
  });
}
