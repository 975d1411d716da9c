import type { Node } from '@pgsql/types';
import type { LockMode } from './lock-mode.ts';

/** One statement of a migration, parsed by PostgreSQL's own grammar. */
export interface Statement {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly sql: string;
  readonly node: Node;
}

/** A lock that a statement takes on a relation, by its qualified name: "public.orders". */
export interface Lock {
  readonly relation: string;
  readonly mode: LockMode;
}

/** What a statement does to tables, besides its meaning. */
export interface StatementEffect {
  readonly locks: readonly Lock[];
  /** Tables that are written anew, every row of them. */
  readonly rewrites: readonly string[];
  /** Tables that are read from end to end. */
  readonly scans: readonly string[];
  /** What it does cannot be seen in its text: a DO block, a procedure. */
  readonly opaque?: boolean | undefined;
}

/** A statement with what it does. */
export interface LintedStatement extends StatementEffect {
  readonly file: string;
  readonly line: number;
  readonly sql: string;
  /** Statements with one number run in one transaction. */
  readonly transaction: number;
  /** Relations of these that a migration before it, or itself, has made: nobody else uses them yet. */
  readonly made: readonly string[];
}

/** What is dangerous about a statement, and what is done instead. */
export interface LintFinding {
  readonly code: string;
  readonly severity: 'refusal' | 'warning';
  readonly file: string;
  readonly line: number;
  readonly seen: string;
  readonly expected: string;
  readonly cure: string;
}
