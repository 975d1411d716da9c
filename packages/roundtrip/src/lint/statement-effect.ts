import type { DropStmt, IndexStmt, Node, ObjectType, RenameStmt } from '@pgsql/types';
import { alterTableEffect } from './alter-table.ts';
import type { Knowledge } from './knowledge.ts';
import { LOCK_MODES, type LockMode, stronger } from './lock-mode.ts';
import { nameParts, qualifiedName, relationName, relationsIn, walk } from './relations.ts';
import type { Lock, StatementEffect } from './statement.ts';

const NOTHING: StatementEffect = { locks: [], rewrites: [], scans: [] };

/**
 * The locks that a statement takes on tables, and whether it rewrites or scans them (PostgreSQL manual, "Explicit Locking", and the
 * pages of the commands). Held against pg_locks by a test that executes each kind. What runs inside triggers is not seen.
 *
 * @example statementEffect(node, knowledge).locks // [{ relation: 'public.orders', mode: 'ShareLock' }]
 */
export function statementEffect(node: Node, knowledge: Knowledge): StatementEffect {
  const { locks, ...effect } = effectOf(node, knowledge);
  const strongest = new Map<string, LockMode>();
  for (const { relation, mode } of locks)
    strongest.set(relation, stronger(mode, strongest.get(relation) ?? 'AccessShareLock'));
  return { ...effect, locks: [...strongest].map(([relation, mode]) => ({ relation, mode })) };
}

function effectOf(node: Node, knowledge: Knowledge): StatementEffect {
  if ('AlterTableStmt' in node) return alterTableEffect(node.AlterTableStmt, knowledge);
  if ('IndexStmt' in node) return indexEffect(node.IndexStmt);
  if ('DropStmt' in node) return locking(dropLocks(node.DropStmt, knowledge));
  if ('RenameStmt' in node) return locking(renameLocks(node.RenameStmt));
  if ('DoStmt' in node || 'CallStmt' in node) return { ...NOTHING, opaque: true };
  return definitionEffect(node) ?? maintenanceEffect(node, knowledge) ?? dataEffect(node) ?? NOTHING;
}

function locking(locks: readonly Lock[]): StatementEffect {
  return { ...NOTHING, locks };
}

function all(relations: readonly string[], mode: LockMode): Lock[] {
  return relations.map((relation) => ({ relation, mode }));
}

function indexEffect({ relation, concurrent }: IndexStmt): StatementEffect {
  if (relation === undefined) return NOTHING;
  const table = relationName(relation);
  const mode = concurrent === true ? 'ShareUpdateExclusiveLock' : 'ShareLock';
  return { locks: [{ relation: table, mode }], rewrites: [], scans: [table] };
}

/** Objects of a table are named behind it: schema, table, object. */
const OF_A_TABLE: readonly ObjectType[] = ['OBJECT_TRIGGER', 'OBJECT_POLICY', 'OBJECT_RULE'];
const RELATIONS: readonly ObjectType[] = [
  'OBJECT_TABLE',
  'OBJECT_VIEW',
  'OBJECT_MATVIEW',
  'OBJECT_SEQUENCE',
  'OBJECT_FOREIGN_TABLE',
];

function dropLocks(
  { removeType = 'OBJECT_TABLE', objects = [], concurrent }: DropStmt,
  knowledge: Knowledge,
): Lock[] {
  const names = objects.map(nameParts);
  if (OF_A_TABLE.includes(removeType))
    return all(
      names.map((parts) => qualifiedName(parts, 1)),
      'AccessExclusiveLock',
    );
  const mode = concurrent === true ? 'ShareUpdateExclusiveLock' : 'AccessExclusiveLock';
  const relations = names.map((parts) => qualifiedName(parts));
  if (removeType === 'OBJECT_INDEX')
    return relations.flatMap((index) => all([index, ...tableOf(index, knowledge)], mode));
  if (!RELATIONS.includes(removeType)) return [];
  const referred = knowledge.foreignKeys
    .filter(({ table }) => relations.includes(table))
    .map(({ refersTo }) => refersTo);
  return all([...relations, ...referred], mode);
}

function tableOf(index: string, { indexes }: Knowledge): readonly string[] {
  const table = indexes.get(index);
  return table === undefined ? [] : [table];
}

function renameLocks({ renameType, relation, relationType }: RenameStmt): Lock[] {
  if (relation === undefined) return [];
  const ofIndex = renameType === 'OBJECT_INDEX' || relationType === 'OBJECT_INDEX';
  return [
    { relation: relationName(relation), mode: ofIndex ? 'ShareUpdateExclusiveLock' : 'AccessExclusiveLock' },
  ];
}

/** Statements that define something on or from tables. */
function definitionEffect(node: Node): StatementEffect | undefined {
  if ('CreateStmt' in node) return locking(createLocks(node.CreateStmt));
  if ('CreateTrigStmt' in node) return onTable(node.CreateTrigStmt.relation, 'ShareRowExclusiveLock');
  if ('CreatePolicyStmt' in node) return onTable(node.CreatePolicyStmt.table, 'AccessExclusiveLock');
  if ('AlterPolicyStmt' in node) return onTable(node.AlterPolicyStmt.table, 'AccessExclusiveLock');
  if ('RuleStmt' in node) return onTable(node.RuleStmt.relation, 'AccessExclusiveLock');
  if ('AlterSeqStmt' in node) return onTable(node.AlterSeqStmt.sequence, 'ShareRowExclusiveLock');
  if ('AlterObjectSchemaStmt' in node)
    return onTable(node.AlterObjectSchemaStmt.relation, 'AccessExclusiveLock');
  if ('CreateStatsStmt' in node)
    return locking(all(relationsIn(node.CreateStatsStmt.relations), 'ShareUpdateExclusiveLock'));
  if ('CreatePublicationStmt' in node)
    return locking(all(relationsIn(node.CreatePublicationStmt.pubobjects), 'ShareUpdateExclusiveLock'));
  if ('AlterPublicationStmt' in node)
    return locking(all(relationsIn(node.AlterPublicationStmt.pubobjects), 'ShareUpdateExclusiveLock'));
  if ('ViewStmt' in node) {
    const replaced =
      node.ViewStmt.replace === true && node.ViewStmt.view !== undefined ? [node.ViewStmt.view] : [];
    return locking([
      ...all(relationsIn(node.ViewStmt.query), 'AccessShareLock'),
      ...all(replaced.map(relationName), 'AccessExclusiveLock'),
    ]);
  }
  if ('CreateTableAsStmt' in node) {
    const sources = relationsIn(node.CreateTableAsStmt.query);
    return { locks: all(sources, 'AccessShareLock'), rewrites: [], scans: [] };
  }
  if ('CommentStmt' in node) return locking(commentLocks(node.CommentStmt));
  return undefined;
}

function createLocks(statement: Extract<Node, { CreateStmt: unknown }>['CreateStmt']): Lock[] {
  const { relation, inhRelations = [], tableElts = [], partbound } = statement;
  const referred: string[] = [];
  walk(tableElts, ({ pktable }) => {
    if (pktable !== undefined) referred.push(...relationsIn(pktable));
  });
  const parents = relationsIn(inhRelations);
  const like = tableElts.flatMap((element) => ('TableLikeClause' in element ? relationsIn(element) : []));
  return [
    ...all(relation === undefined ? [] : [relationName(relation)], 'AccessExclusiveLock'),
    ...all(parents, partbound === undefined ? 'ShareUpdateExclusiveLock' : 'AccessExclusiveLock'),
    ...all(referred, 'ShareRowExclusiveLock'),
    ...all(like, 'AccessShareLock'),
  ];
}

function commentLocks({
  objtype = 'OBJECT_TABLE',
  object,
}: Extract<Node, { CommentStmt: unknown }>['CommentStmt']): Lock[] {
  const parts = nameParts(object);
  const mode = 'ShareUpdateExclusiveLock';
  if (objtype === 'OBJECT_COLUMN') return all([qualifiedName(parts, 1)], mode);
  if ([...OF_A_TABLE, 'OBJECT_TABCONSTRAINT'].includes(objtype))
    return all([qualifiedName(parts, 1)], 'AccessShareLock');
  return RELATIONS.includes(objtype) || objtype === 'OBJECT_INDEX' ? all([qualifiedName(parts)], mode) : [];
}

function onTable(relation: Parameters<typeof relationName>[0] | undefined, mode: LockMode): StatementEffect {
  return relation === undefined ? NOTHING : locking(all([relationName(relation)], mode));
}

/** Statements that go over whole tables. */
function maintenanceEffect(node: Node, knowledge: Knowledge): StatementEffect | undefined {
  if ('TruncateStmt' in node)
    return locking(all(relationsIn(node.TruncateStmt.relations), 'AccessExclusiveLock'));
  if ('LockStmt' in node) {
    const mode = LOCK_MODES[(node.LockStmt.mode ?? LOCK_MODES.length) - 1] ?? 'AccessExclusiveLock';
    return locking(all(relationsIn(node.LockStmt.relations), mode));
  }
  if ('VacuumStmt' in node) {
    const tables = relationsIn(node.VacuumStmt.rels);
    const full = hasOption(node.VacuumStmt.options, 'full');
    return {
      locks: all(tables, full ? 'AccessExclusiveLock' : 'ShareUpdateExclusiveLock'),
      rewrites: full ? tables : [],
      scans: full ? tables : [],
    };
  }
  if ('ClusterStmt' in node) {
    const tables = relationsIn(node.ClusterStmt.relation);
    return { locks: all(tables, 'AccessExclusiveLock'), rewrites: tables, scans: tables };
  }
  if ('RefreshMatViewStmt' in node) {
    const view = relationsIn(node.RefreshMatViewStmt.relation);
    const concurrent = node.RefreshMatViewStmt.concurrent === true;
    return {
      locks: all(view, concurrent ? 'ExclusiveLock' : 'AccessExclusiveLock'),
      rewrites: concurrent ? [] : view,
      scans: [],
    };
  }
  if ('ReindexStmt' in node) {
    const concurrent = hasOption(node.ReindexStmt.params, 'concurrently');
    const named = relationsIn(node.ReindexStmt.relation);
    const ofIndex = node.ReindexStmt.kind === 'REINDEX_OBJECT_INDEX';
    const tables = ofIndex ? named.flatMap((index) => tableOf(index, knowledge)) : named;
    const mode = concurrent ? 'ShareUpdateExclusiveLock' : 'ShareLock';
    return { locks: all(tables, mode), rewrites: [], scans: tables };
  }
  return undefined;
}

/** Whether an option is there and not switched off. */
export function hasOption(options: readonly Node[] | undefined, name: string): boolean {
  return (options ?? []).some((option) => 'DefElem' in option && option.DefElem.defname === name);
}

/** Statements that read and write rows. */
function dataEffect(node: Node): StatementEffect | undefined {
  const target =
    'InsertStmt' in node
      ? node.InsertStmt.relation
      : 'UpdateStmt' in node
        ? node.UpdateStmt.relation
        : 'DeleteStmt' in node
          ? node.DeleteStmt.relation
          : 'MergeStmt' in node
            ? node.MergeStmt.relation
            : 'CopyStmt' in node && node.CopyStmt.is_from === true
              ? node.CopyStmt.relation
              : undefined;
  const data = ['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt', 'CopyStmt', 'SelectStmt'];
  if (!data.some((kind) => kind in node)) return undefined;
  const locked = 'SelectStmt' in node && (node.SelectStmt.lockingClause ?? []).length > 0;
  const written = target === undefined ? [] : [relationName(target)];
  return locking([
    ...all(relationsIn(node), locked ? 'RowShareLock' : 'AccessShareLock'),
    ...all(written, 'RowExclusiveLock'),
  ]);
}
