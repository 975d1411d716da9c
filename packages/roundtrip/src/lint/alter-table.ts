import type { AlterTableCmd, AlterTableStmt, AlterTableType, ColumnDef, Constraint } from '@pgsql/types';
import { constraintsOf, hasDefault, whyRewritten } from './column-default.ts';
import type { Knowledge } from './knowledge.ts';
import { type LockMode, stronger } from './lock-mode.ts';
import { relationName } from './relations.ts';
import type { Lock, StatementEffect } from './statement.ts';
import { keepsRows } from './type-change.ts';

/** Locks weaker than ACCESS EXCLUSIVE (PostgreSQL's AlterTableGetLockLevel); every other subcommand takes that. */
const WEAKER: Partial<Record<AlterTableType, LockMode>> = {
  AT_SetStatistics: 'ShareUpdateExclusiveLock',
  AT_SetOptions: 'ShareUpdateExclusiveLock',
  AT_ResetOptions: 'ShareUpdateExclusiveLock',
  AT_ClusterOn: 'ShareUpdateExclusiveLock',
  AT_DropCluster: 'ShareUpdateExclusiveLock',
  AT_ValidateConstraint: 'ShareUpdateExclusiveLock',
  AT_AttachPartition: 'ShareUpdateExclusiveLock',
  AT_DetachPartitionFinalize: 'ShareUpdateExclusiveLock',
  AT_EnableTrig: 'ShareRowExclusiveLock',
  AT_EnableAlwaysTrig: 'ShareRowExclusiveLock',
  AT_EnableReplicaTrig: 'ShareRowExclusiveLock',
  AT_EnableTrigAll: 'ShareRowExclusiveLock',
  AT_EnableTrigUser: 'ShareRowExclusiveLock',
  AT_DisableTrig: 'ShareRowExclusiveLock',
  AT_DisableTrigAll: 'ShareRowExclusiveLock',
  AT_DisableTrigUser: 'ShareRowExclusiveLock',
};

/** Storage parameters that plans do not depend on. */
const LIGHT_OPTION =
  /^(fillfactor|autovacuum_.*|toast_tuple_target|parallel_workers|vacuum_.*|log_autovacuum_min_duration)$/;

const COPIES: readonly AlterTableType[] = [
  'AT_SetLogged',
  'AT_SetUnLogged',
  'AT_SetTableSpace',
  'AT_SetAccessMethod',
];

/** One subcommand with the table that it is of. */
interface Command {
  readonly table: string;
  readonly command: AlterTableCmd;
  readonly knowledge: Knowledge;
}

/** What an ALTER TABLE does: the strongest lock of its subcommands is taken at its beginning. */
export function alterTableEffect(statement: AlterTableStmt, knowledge: Knowledge): StatementEffect {
  if (statement.relation === undefined) return { locks: [], rewrites: [], scans: [] };
  const table = relationName(statement.relation);
  const commands = (statement.cmds ?? []).flatMap((node): Command[] =>
    'AlterTableCmd' in node ? [{ table, command: node.AlterTableCmd, knowledge }] : [],
  );
  const mode = commands.map(lockOf).reduce(stronger, 'AccessShareLock');
  const touched = statement.objtype === 'OBJECT_INDEX' ? ofIndex(table, mode) : [{ relation: table, mode }];
  const scans = commands.flatMap(scannedBy);
  return {
    locks: [...touched, ...commands.flatMap(otherLocks)],
    rewrites: commands.some(rewrites) ? [table] : [],
    scans: [...new Set(scans)],
  };
}

/** ALTER INDEX leaves the table alone, but for attaching to a partitioned one. */
function ofIndex(index: string, mode: LockMode): Lock[] {
  return [{ relation: index, mode }];
}

function lockOf({ command }: Command): LockMode {
  const { subtype = 'AT_AddColumn', def } = command;
  if (subtype === 'AT_AddConstraint' && constraintOf(def)?.contype === 'CONSTR_FOREIGN')
    return 'ShareRowExclusiveLock';
  if (/^AT_(Set|Reset|Replace)RelOptions$/.test(subtype)) return optionsLock(def);
  if (subtype === 'AT_DetachPartition' && partition(command)?.concurrent === true)
    return 'ShareUpdateExclusiveLock';
  return WEAKER[subtype] ?? 'AccessExclusiveLock';
}

function optionsLock(def: AlterTableCmd['def']): LockMode {
  const options = def !== undefined && 'List' in def ? (def.List.items ?? []) : [];
  const names = options.flatMap((option) => ('DefElem' in option ? [option.DefElem.defname ?? ''] : []));
  return names.every((name) => LIGHT_OPTION.test(name)) ? 'ShareUpdateExclusiveLock' : 'AccessExclusiveLock';
}

/** Locks on other tables: those that foreign keys refer to, partitions, parents. */
function otherLocks({ table, command, knowledge }: Command): Lock[] {
  const { subtype, def, name } = command;
  const keys = knowledge.foreignKeys.filter((key) => key.table === table);
  const referred = (of: typeof keys, mode: LockMode): Lock[] =>
    of.map(({ refersTo }) => ({ relation: refersTo, mode }));
  switch (subtype) {
    case 'AT_AddConstraint':
    case 'AT_AddColumn':
      return newKeys(def).map((relation) => ({ relation, mode: 'ShareRowExclusiveLock' }));
    case 'AT_ValidateConstraint':
      return referred(
        keys.filter((key) => key.name === name),
        'RowShareLock',
      );
    case 'AT_DropConstraint':
      return referred(
        keys.filter((key) => key.name === name),
        'AccessExclusiveLock',
      );
    case 'AT_DropColumn':
      return referred(
        keys.filter((key) => key.columns.includes(name ?? '')),
        'AccessExclusiveLock',
      );
    case 'AT_AlterColumnType':
      // Keys over the column are made anew, on both sides.
      return [
        ...referred(
          keys.filter((key) => key.columns.includes(name ?? '')),
          'AccessExclusiveLock',
        ),
        ...knowledge.foreignKeys
          .filter((key) => key.refersTo === table && key.refersToColumns.includes(name ?? ''))
          .map((key): Lock => ({ relation: key.table, mode: 'AccessExclusiveLock' })),
      ];
    case 'AT_AttachPartition':
    case 'AT_DetachPartition': {
      const attached = partition(command)?.name;
      const mode = lockOf({ table, command, knowledge });
      return attached === undefined
        ? []
        : [
            {
              relation: relationName(attached),
              mode: subtype === 'AT_AttachPartition' ? 'AccessExclusiveLock' : mode,
            },
          ];
    }
    case 'AT_AddInherit':
    case 'AT_DropInherit':
      return def !== undefined && 'RangeVar' in def
        ? [
            {
              relation: relationName(def.RangeVar),
              mode: subtype === 'AT_AddInherit' ? 'ShareUpdateExclusiveLock' : 'AccessShareLock',
            },
          ]
        : [];
    default:
      return [];
  }
}

/** Tables that new foreign keys of a column or constraint refer to. */
function newKeys(def: AlterTableCmd['def']): readonly string[] {
  const column = columnOf(def);
  const own = constraintOf(def);
  const constraints = column === undefined ? (own === undefined ? [] : [own]) : constraintsOf(column);
  return constraints.flatMap(({ pktable }) => (pktable === undefined ? [] : [relationName(pktable)]));
}

/** Whether a subcommand writes every row of the table anew. */
export function rewrites({ table, command, knowledge }: Command): boolean {
  const { subtype = 'AT_AddColumn', def, name } = command;
  if (COPIES.includes(subtype)) return true;
  const column = columnOf(def);
  if (subtype === 'AT_AddColumn') return column !== undefined && whyRewritten(column) !== undefined;
  if (subtype !== 'AT_AlterColumnType') return false;
  return (
    column?.raw_default !== undefined ||
    !keepsRows(knowledge.columns.get(`${table}.${name}`), column?.typeName)
  );
}

/** Tables that a subcommand reads from end to end without writing them. */
function scannedBy(of: Command): readonly string[] {
  const { table, command, knowledge } = of;
  const { subtype, def, name } = command;
  if (rewrites(of)) return [table];
  switch (subtype) {
    case 'AT_SetNotNull':
      return knowledge.provenNotNull.has(`${table}.${name}`) ? [] : [table];
    case 'AT_ValidateConstraint':
      return [table];
    case 'AT_AlterColumnType':
      // Another order of texts: the rows stay, and indexes over them are built anew.
      return columnOf(def)?.collClause === undefined ? [] : [table];
    case 'AT_AddConstraint': {
      const constraint = constraintOf(def);
      if (
        constraint === undefined ||
        constraint.skip_validation === true ||
        constraint.indexname !== undefined
      )
        return [];
      return [table];
    }
    case 'AT_AddColumn':
      return addedColumnScans(columnOf(def)) ? [table] : [];
    case 'AT_AttachPartition': {
      const attached = partition(command)?.name;
      return attached === undefined ? [] : [relationName(attached)];
    }
    default:
      return [];
  }
}

/** A key, a CHECK or NOT NULL without a default is proven by reading all rows; REFERENCES only where a default fills them. */
function addedColumnScans(column: ColumnDef | undefined): boolean {
  if (column === undefined) return false;
  return constraintsOf(column).some(({ contype }) => {
    if (contype === 'CONSTR_NOTNULL') return !hasDefault(column);
    if (contype === 'CONSTR_FOREIGN') return hasDefault(column);
    return contype === 'CONSTR_UNIQUE' || contype === 'CONSTR_PRIMARY' || contype === 'CONSTR_CHECK';
  });
}

function partition({ def }: AlterTableCmd) {
  return def !== undefined && 'PartitionCmd' in def ? def.PartitionCmd : undefined;
}

/** The column of a subcommand, where it has one. */
export function columnOf(def: AlterTableCmd['def']): ColumnDef | undefined {
  return def !== undefined && 'ColumnDef' in def ? def.ColumnDef : undefined;
}

/** The constraint of a subcommand, where it has one. */
export function constraintOf(def: AlterTableCmd['def']): Constraint | undefined {
  return def !== undefined && 'Constraint' in def ? def.Constraint : undefined;
}
