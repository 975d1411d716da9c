import type { Constraint, Node } from '@pgsql/types';
import type { Catalogue } from './catalogue.ts';
import { qualifiedName, relationName, strings } from './relations.ts';

/** A foreign key as far as it matters for locks. */
export interface KnownKey {
  readonly table: string;
  readonly name: string | undefined;
  readonly columns: readonly string[];
  readonly refersTo: string;
  /** Empty where the text does not say them: the primary key. */
  readonly refersToColumns: readonly string[];
}

/** What is known of the database while its migrations are read one after the other. */
export interface Knowledge {
  /** Relations that these migrations made: nobody waits for them. */
  readonly made: Set<string>;
  readonly foreignKeys: KnownKey[];
  readonly indexes: Map<string, string>;
  readonly columns: ReadonlyMap<string, string>;
  /** Columns that a CHECK says are not null, validated or (by its name) not yet: "public.orders.total". */
  readonly provenNotNull: Set<string>;
  readonly claimedNotNull: Map<string, string>;
  /** Constraints made NOT VALID, by table and name, with the number of their transaction. */
  readonly notValid: Map<string, number>;
}

/** Knowledge to begin with. */
export function knowledgeOf(catalogue: Catalogue): Knowledge {
  return {
    made: new Set(),
    foreignKeys: [...catalogue.foreignKeys],
    indexes: new Map(Object.entries(catalogue.indexes)),
    columns: new Map(Object.entries(catalogue.columns)),
    provenNotNull: new Set(catalogue.provenNotNull),
    claimedNotNull: new Map(),
    notValid: new Map(),
  };
}

/** Notes what a statement has made, for those after it. */
export function learn(knowledge: Knowledge, node: Node, transaction: number): void {
  if ('CreateStmt' in node && node.CreateStmt.relation !== undefined) {
    const table = relationName(node.CreateStmt.relation);
    // IF NOT EXISTS: the one that is there is customers', and stays as it is.
    if (node.CreateStmt.if_not_exists === true && isThere(knowledge, table)) return;
    knowledge.made.add(table);
    for (const element of node.CreateStmt.tableElts ?? [])
      learnElement(knowledge, table, element, transaction);
  } else if ('CreateTableAsStmt' in node && node.CreateTableAsStmt.into?.rel !== undefined)
    knowledge.made.add(relationName(node.CreateTableAsStmt.into.rel));
  else if ('ViewStmt' in node && node.ViewStmt.view !== undefined && node.ViewStmt.replace !== true)
    knowledge.made.add(relationName(node.ViewStmt.view));
  else if ('CreateSeqStmt' in node && node.CreateSeqStmt.sequence !== undefined)
    knowledge.made.add(relationName(node.CreateSeqStmt.sequence));
  else if ('IndexStmt' in node) {
    const { idxname, relation } = node.IndexStmt;
    if (idxname !== undefined && relation !== undefined)
      knowledge.indexes.set(
        qualifiedName([relation.schemaname ?? 'public', idxname]),
        relationName(relation),
      );
  } else if ('RenameStmt' in node) learnRename(knowledge, node.RenameStmt);
  else if ('AlterTableStmt' in node && node.AlterTableStmt.relation !== undefined) {
    const table = relationName(node.AlterTableStmt.relation);
    for (const command of node.AlterTableStmt.cmds ?? []) {
      if (!('AlterTableCmd' in command)) continue;
      const { subtype, def, name } = command.AlterTableCmd;
      if (def !== undefined) learnElement(knowledge, table, def, transaction);
      if (subtype === 'AT_ValidateConstraint') {
        const column = knowledge.claimedNotNull.get(`${table}.${name}`);
        if (column !== undefined) knowledge.provenNotNull.add(column);
      }
    }
  }
}

function isThere({ columns }: Knowledge, table: string): boolean {
  for (const column of columns.keys()) if (column.startsWith(`${table}.`)) return true;
  return false;
}

function learnRename(
  knowledge: Knowledge,
  rename: Extract<Node, { RenameStmt: unknown }>['RenameStmt'],
): void {
  const { renameType, relation, newname = '' } = rename;
  if (renameType !== 'OBJECT_TABLE' || relation === undefined) return;
  if (knowledge.made.has(relationName(relation)))
    knowledge.made.add(qualifiedName([relation.schemaname ?? 'public', newname]));
}

function learnElement(knowledge: Knowledge, table: string, element: Node, transaction: number): void {
  if ('ColumnDef' in element) {
    const { colname, constraints = [] } = element.ColumnDef;
    for (const each of constraints)
      if ('Constraint' in each)
        learnConstraint(knowledge, table, each.Constraint, { own: colname, transaction });
  } else if ('Constraint' in element)
    learnConstraint(knowledge, table, element.Constraint, { own: undefined, transaction });
}

function learnConstraint(
  knowledge: Knowledge,
  table: string,
  constraint: Constraint,
  { own, transaction }: { readonly own: string | undefined; readonly transaction: number },
): void {
  const { contype, conname, pktable, fk_attrs, pk_attrs, raw_expr, skip_validation } = constraint;
  if (contype === 'CONSTR_FOREIGN' && pktable !== undefined)
    knowledge.foreignKeys.push({
      table,
      name: conname,
      columns: own === undefined ? strings(fk_attrs) : [own],
      refersTo: relationName(pktable),
      refersToColumns: strings(pk_attrs),
    });
  if (skip_validation === true && conname !== undefined)
    knowledge.notValid.set(`${table}.${conname}`, transaction);
  const column = contype === 'CONSTR_CHECK' ? notNullColumn(raw_expr) : undefined;
  if (column === undefined) return;
  if (skip_validation === true) knowledge.claimedNotNull.set(`${table}.${conname}`, `${table}.${column}`);
  else knowledge.provenNotNull.add(`${table}.${column}`);
}

/** The column of `CHECK (column IS NOT NULL)`. */
function notNullColumn(expression: Node | undefined): string | undefined {
  if (expression === undefined || !('NullTest' in expression)) return undefined;
  const { arg, nulltesttype } = expression.NullTest;
  if (nulltesttype !== 'IS_NOT_NULL' || arg === undefined || !('ColumnRef' in arg)) return undefined;
  return strings(arg.ColumnRef.fields).at(-1);
}
