import type { AlterTableCmd, DropStmt, IndexStmt, RenameStmt } from '@pgsql/types';
import { columnOf, constraintOf, rewrites } from './alter-table.ts';
import { constraintsOf, hasDefault, whyRewritten } from './column-default.ts';
import type { Knowledge } from './knowledge.ts';
import { needsNoTransaction } from './needs-no-transaction.ts';
import { nameParts, qualifiedName, relationName } from './relations.ts';
import type { LintFinding, Statement, StatementEffect } from './statement.ts';

/** What a statement is judged with. */
export interface JudgeContext {
  readonly knowledge: Knowledge;
  readonly effect: StatementEffect;
  readonly transaction: number;
  /** Between a BEGIN and a COMMIT of the file. */
  readonly explicit: boolean;
  readonly usedIn: ((name: string) => readonly string[]) | undefined;
}

/** A finding without its place. */
type Verdict = Omit<LintFinding, 'file' | 'line'>;

const ALL_WAIT = 'reads and writes of it wait until it is done';

/** What is dangerous about one statement by itself while customers are served. */
export function judgeStatement(statement: Statement, context: JudgeContext): readonly LintFinding[] {
  const { file, line, node } = statement;
  const verdicts: Verdict[] = [];
  if (context.explicit && needsNoTransaction(node)) verdicts.push(refusedInTransaction(statement));
  if ('AlterTableStmt' in node && node.AlterTableStmt.relation !== undefined) {
    const table = relationName(node.AlterTableStmt.relation);
    for (const command of node.AlterTableStmt.cmds ?? [])
      if ('AlterTableCmd' in command && !context.knowledge.made.has(table))
        verdicts.push(...judgeCommand(table, command.AlterTableCmd, context));
  }
  if ('IndexStmt' in node) verdicts.push(...judgeIndex(node.IndexStmt, context));
  if ('DropStmt' in node) verdicts.push(...judgeDrop(node.DropStmt, context));
  if ('RenameStmt' in node) verdicts.push(...judgeRename(node.RenameStmt, context));
  verdicts.push(...judgeWhole(statement, context));
  return verdicts.map((verdict) => ({ ...verdict, file, line }));
}

function refusedInTransaction({ sql }: Statement): Verdict {
  return {
    code: 'ddl-in-transaction',
    severity: 'refusal',
    seen: `${firstWords(sql)} stands between BEGIN and COMMIT`,
    expected: 'a statement of its own: PostgreSQL refuses it in a transaction',
    cure: 'put it into a file of its own, without BEGIN',
  };
}

function judgeCommand(table: string, command: AlterTableCmd, context: JudgeContext): Verdict[] {
  const { knowledge, transaction } = context;
  const { subtype, def, name = '' } = command;
  switch (subtype) {
    case 'AT_AddColumn':
      return judgeAddedColumn(table, def);
    case 'AT_AlterColumnType':
      return judgeTypeChange({ table, command, knowledge });
    case 'AT_SetNotNull':
      return knowledge.provenNotNull.has(`${table}.${name}`)
        ? []
        : [
            {
              code: 'ddl-set-not-null',
              severity: 'refusal',
              seen: `SET NOT NULL reads all of ${table} to prove ${name}, and ${ALL_WAIT}`,
              expected: 'the proof beforehand, under a lock that lets everyone work',
              cure: `ALTER TABLE ${table} ADD CONSTRAINT ${name}_set CHECK (${name} IS NOT NULL) NOT VALID; in a later transaction VALIDATE CONSTRAINT ${name}_set; then SET NOT NULL; then drop the constraint`,
            },
          ];
    case 'AT_AddConstraint':
      return judgeConstraint(table, def);
    case 'AT_ValidateConstraint':
      return knowledge.notValid.get(`${table}.${name}`) === transaction
        ? [
            {
              code: 'ddl-validate-at-once',
              severity: 'refusal',
              seen: `${name} of ${table} is validated in the transaction that made it: the lock of its making is held while all rows are read`,
              expected: 'two transactions',
              cure: 'put VALIDATE CONSTRAINT into a later file',
            },
          ]
        : [];
    case 'AT_DropColumn':
      return breaks(context, `${table}.${name}`, name, 'is dropped');
    case 'AT_SetLogged':
    case 'AT_SetUnLogged':
    case 'AT_SetTableSpace':
    case 'AT_SetAccessMethod':
      return [copied(table)];
    default:
      return [];
  }
}

function judgeTypeChange(of: Parameters<typeof rewrites>[0]): Verdict[] {
  const { table, command, knowledge } = of;
  const column = `${table}.${command.name ?? ''}`;
  if (rewrites(of)) {
    const unknown = knowledge.columns.has(column) ? '' : ', from one that is not known here';
    return [
      {
        code: 'ddl-type-change',
        severity: 'refusal',
        seen: `the type of ${column} changes${unknown}: every row and index is written anew, and ${ALL_WAIT}`,
        expected: 'a type that holds all that was there (a longer varchar, text), or a new column',
        cure: 'add a column, fill it in batches and by a trigger, then exchange the two; where the type only widens, name the database with --database',
      },
    ];
  }
  if (columnOf(command.def)?.collClause === undefined) return [];
  return [
    {
      code: 'ddl-type-change',
      severity: 'refusal',
      seen: `the collation of ${column} changes: every index over it is built anew, and ${ALL_WAIT}`,
      expected: 'a new column with that collation',
      cure: 'add it, fill it in batches and by a trigger, index it CONCURRENTLY, then exchange the two',
    },
  ];
}

function judgeAddedColumn(table: string, def: AlterTableCmd['def']): Verdict[] {
  const column = columnOf(def);
  if (column === undefined) return [];
  const { colname = '' } = column;
  const why = whyRewritten(column);
  const found: Verdict[] = [];
  if (why !== undefined)
    found.push({
      code: 'ddl-volatile-default',
      severity: 'refusal',
      seen: `${colname} is added to ${table} and ${why}: the table is written anew, and ${ALL_WAIT}`,
      expected: 'a constant default, or none',
      cure: 'add it without a default, then SET DEFAULT for new rows, then fill the old ones in batches',
    });
  const own = constraintsOf(column);
  if (own.some(({ contype }) => contype === 'CONSTR_NOTNULL') && !hasDefault(column))
    found.push({
      code: 'ddl-not-null-without-default',
      severity: 'refusal',
      seen: `${colname} is added to ${table} NOT NULL and without a default: with one row there it fails, and the running release cannot insert`,
      expected: 'a default, or NULL allowed until every row has a value',
      cure: 'add it with a constant default, or nullable',
    });
  for (const constraint of own)
    if (constraint.contype === 'CONSTR_UNIQUE' || constraint.contype === 'CONSTR_PRIMARY')
      found.push(uniqueScans(table));
  return found;
}

function judgeConstraint(table: string, def: AlterTableCmd['def']): Verdict[] {
  const constraint = constraintOf(def);
  if (constraint === undefined || constraint.skip_validation === true) return [];
  const { contype, conname = 'it', pktable, indexname } = constraint;
  if (contype === 'CONSTR_FOREIGN')
    return [
      {
        code: 'ddl-foreign-key-scans',
        severity: 'refusal',
        seen: `foreign key ${conname} of ${table} is proven at once: writes of it and of ${pktable === undefined ? 'the other table' : relationName(pktable)} wait while all rows are read`,
        expected: 'NOT VALID, which binds new rows at once',
        cure: `ADD CONSTRAINT … NOT VALID; in a later transaction ALTER TABLE ${table} VALIDATE CONSTRAINT ${conname}`,
      },
    ];
  if (contype === 'CONSTR_CHECK' || contype === 'CONSTR_NOTNULL')
    return [
      {
        code: 'ddl-check-scans',
        severity: 'refusal',
        seen: `${conname} of ${table} is proven at once: all rows are read, and ${ALL_WAIT}`,
        expected: 'NOT VALID, which binds new rows at once',
        cure: `ADD CONSTRAINT … NOT VALID; in a later transaction ALTER TABLE ${table} VALIDATE CONSTRAINT ${conname}`,
      },
    ];
  return indexname === undefined ? [uniqueScans(table)] : [];
}

function uniqueScans(table: string): Verdict {
  return {
    code: 'ddl-unique-scans',
    severity: 'refusal',
    seen: `the index of a new key of ${table} is built on the spot, and ${ALL_WAIT}`,
    expected: 'an index that is there already',
    cure: `CREATE UNIQUE INDEX CONCURRENTLY i ON ${table} (…), in a file of its own; then ADD CONSTRAINT … UNIQUE USING INDEX i`,
  };
}

function judgeIndex({ relation, concurrent }: IndexStmt, { knowledge }: JudgeContext): Verdict[] {
  if (relation === undefined || concurrent === true) return [];
  const table = relationName(relation);
  if (knowledge.made.has(table)) return [];
  return [
    {
      code: 'ddl-index-blocks',
      severity: 'refusal',
      seen: `an index of ${table} is built while writes of it wait`,
      expected: 'CREATE INDEX CONCURRENTLY, in a file of its own',
      cure: 'add CONCURRENTLY; if it fails it leaves an INVALID index, which is dropped before it is tried again',
    },
  ];
}

function judgeDrop(drop: DropStmt, context: JudgeContext): Verdict[] {
  const { removeType, objects = [], concurrent } = drop;
  const names = objects.map((object) => qualifiedName(nameParts(object)));
  if (removeType === 'OBJECT_INDEX' && concurrent !== true)
    return names
      .filter((name) => !context.knowledge.made.has(context.knowledge.indexes.get(name) ?? ''))
      .map((name) => ({
        code: 'ddl-drop-index-blocks',
        severity: 'warning',
        seen: `dropping ${name} waits for everyone who reads its table, and everyone after waits for it`,
        expected: 'DROP INDEX CONCURRENTLY, in a file of its own',
        cure: 'add CONCURRENTLY, or have a short lock_timeout and repeat',
      }));
  if (removeType !== 'OBJECT_TABLE' && removeType !== 'OBJECT_VIEW' && removeType !== 'OBJECT_MATVIEW')
    return [];
  return names
    .filter((name) => !context.knowledge.made.has(name))
    .flatMap((name) => breaks(context, name, name.split('.').at(-1) ?? name, 'is dropped'));
}

function judgeRename({ renameType, relation, subname = '' }: RenameStmt, context: JudgeContext): Verdict[] {
  if (relation === undefined) return [];
  const table = relationName(relation);
  if (context.knowledge.made.has(table)) return [];
  if (renameType === 'OBJECT_COLUMN')
    return breaks(context, `${table}.${subname}`, subname, 'gets another name');
  const kinds = ['OBJECT_TABLE', 'OBJECT_VIEW', 'OBJECT_MATVIEW'];
  return kinds.includes(renameType ?? '')
    ? breaks(context, table, relation.relname ?? '', 'gets another name')
    : [];
}

/** What the running release still uses must stay until it is gone; where its files can be asked, they are. */
function breaks({ usedIn }: JudgeContext, what: string, name: string, happens: string): Verdict[] {
  const files = usedIn?.(name);
  if (files !== undefined && files.length === 0) return [];
  const used =
    files === undefined
      ? 'whether the running release uses it was not asked'
      : `the running release names it in ${files.slice(0, 3).join(', ')}${files.length > 3 ? ` and ${files.length - 3} more files` : ''}`;
  return [
    {
      code: 'ddl-breaks-release',
      severity: files === undefined ? 'warning' : 'refusal',
      seen: `${what} ${happens}; ${used}`,
      expected: 'what the running release uses stays until nobody runs it any more, the way back included',
      cure: 'first a release that does without it; then, in a later one, this statement',
    },
  ];
}

function copied(table: string): Verdict {
  return {
    code: 'ddl-rewrites',
    severity: 'refusal',
    seen: `${table} is written anew, and ${ALL_WAIT}`,
    expected: 'nothing that copies a table while customers use it',
    cure: 'do it while the shop is closed, or on a copy beside',
  };
}

function judgeWhole({ node, sql }: Statement, { knowledge, effect }: JudgeContext): Verdict[] {
  if (effect.opaque === true)
    return [
      {
        code: 'ddl-opaque',
        severity: 'warning',
        seen: `what ${firstWords(sql)} does is not seen in its text`,
        expected: 'plain statements',
        cure: 'look at it by hand, and at the locks that the rehearsal saw',
      },
    ];
  if ('VacuumStmt' in node || 'ClusterStmt' in node)
    return effect.rewrites.filter((table) => !knowledge.made.has(table)).map(copied);
  if ('RefreshMatViewStmt' in node)
    return effect.rewrites
      .filter((view) => !knowledge.made.has(view))
      .map((view) => ({
        code: 'ddl-refresh-blocks',
        severity: 'refusal',
        seen: `${view} is filled anew, and ${ALL_WAIT}`,
        expected: 'REFRESH MATERIALIZED VIEW CONCURRENTLY',
        cure: 'add CONCURRENTLY; it needs a unique index of the view',
      }));
  return [];
}

function firstWords(sql: string): string {
  const words = sql.replaceAll(/\s+/g, ' ');
  return words.length > 60 ? `${words.slice(0, 60)}…` : words;
}
