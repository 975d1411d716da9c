import { STAGING_SCHEMA as S } from '../staging/staging-schema.ts';
import { type MergeContext, run } from './merge-context.ts';

/** A group of which the exchange says nothing but that it is deleted: its name and place stay as they were. */
const ONLY_DELETED = `(g.deleted AND g.name = '')`;

/** 1C ids of the two categories that the import keeps for itself. */
const UNRESOLVED = 'onec-unresolved-category';
const NONE = 'onec-no-category';

/**
 * Brings the category tree to what the exchange says and leaves `category_ids (onec_id, id)` in staging. A group
 * that goods name but nobody knows resolves to a hidden technical category, so that a product is never lost and a
 * "Категория <guid>" never becomes public; goods of no group go to «Без категории».
 */
export async function mergeCategories(context: MergeContext): Promise<void> {
  const { counters } = context;
  await run(
    context,
    `INSERT INTO categories (name, slug, onec_id, is_active)
     SELECT * FROM (VALUES ('Неизвестная группа 1С', '${UNRESOLVED}', '${UNRESOLVED}', false),
       ('Без категории', '${NONE}', '${NONE}', true)) AS own (name, slug, onec_id, is_active)
     WHERE NOT EXISTS (SELECT 1 FROM categories c WHERE c.onec_id = own.onec_id)
       AND (own.onec_id = '${UNRESOLVED}' AND EXISTS (SELECT 1 FROM ${S}.goods WHERE group_id IS NOT NULL)
         OR own.onec_id = '${NONE}' AND EXISTS (SELECT 1 FROM ${S}.goods WHERE group_id IS NULL))`,
  );
  counters.categories += await run(
    context,
    `WITH fresh AS (
       SELECT g.*, count(*) OVER (PARTITION BY g.slug) AS askers,
         EXISTS (SELECT 1 FROM categories c WHERE c.slug = g.slug) AS taken
       FROM ${S}.groups g WHERE NOT EXISTS (SELECT 1 FROM categories c WHERE c.onec_id = g.id))
     INSERT INTO categories (name, slug, onec_id, is_active, sort_order)
     SELECT left(name, 200), CASE WHEN askers > 1 OR taken THEN slug || '-' || left(md5(id), 10) ELSE slug END, id,
       NOT deleted, 0
     FROM fresh ORDER BY ord`,
  );
  await breakCycles(context);
  counters.categories += await run(
    context,
    `UPDATE categories c SET name = i.name, parent_id = i.parent_id, is_active = NOT i.deleted, updated_at = now()
     FROM (
       SELECT g.id, g.deleted, CASE WHEN ${ONLY_DELETED} THEN known.name ELSE left(g.name, 200) END AS name,
         CASE WHEN ${ONLY_DELETED} THEN known.parent_id ELSE parent.id END AS parent_id
       FROM ${S}.groups g JOIN categories known ON known.onec_id = g.id
         LEFT JOIN categories parent ON parent.onec_id = g.parent_id) i
     WHERE c.onec_id = i.id
       AND (c.name, c.parent_id, c.is_active) IS DISTINCT FROM (i.name, i.parent_id, NOT i.deleted)`,
  );
  if (context.mode === 'full' && context.summary.coverage.group === 'full') {
    counters.deactivated += await run(
      context,
      `UPDATE categories c SET is_active = false, updated_at = now()
       WHERE c.is_active AND c.onec_id IS NOT NULL AND c.onec_id NOT IN ('${UNRESOLVED}', '${NONE}')
         AND NOT EXISTS (SELECT 1 FROM ${S}.groups g WHERE g.id = c.onec_id)`,
    );
  }
  await run(
    context,
    `CREATE UNLOGGED TABLE ${S}.category_ids AS SELECT onec_id COLLATE "C" AS onec_id, id FROM categories
     WHERE onec_id IS NOT NULL`,
  );
  await run(context, `ANALYZE ${S}.category_ids`);
  await run(
    context,
    `INSERT INTO ${S}.warnings (code, subject, message)
     SELECT 'unknown-group', group_id, count(*) || ' goods are in a group that is not known; put into the hidden category'
     FROM ${S}.goods g WHERE group_id IS NOT NULL
       AND NOT EXISTS (SELECT 1 FROM ${S}.category_ids c WHERE c.onec_id = g.group_id) GROUP BY group_id`,
  );
}

/** Groups of mixed exports may name each other as parents; such a group becomes a root, with a warning. */
async function breakCycles(context: MergeContext): Promise<void> {
  await run(
    context,
    `WITH RECURSIVE up AS (
       SELECT id, parent_id, ARRAY[id] AS path, false AS cyclic FROM ${S}.groups
       UNION ALL
       SELECT up.id, g.parent_id, up.path || g.id, g.id = up.id
       FROM up JOIN ${S}.groups g ON g.id = up.parent_id
       WHERE NOT up.cyclic AND (g.id = up.id OR g.id <> ALL (up.path))),
     broken AS (
       UPDATE ${S}.groups g SET parent_id = NULL FROM up WHERE up.cyclic AND up.id = g.id RETURNING g.id)
     INSERT INTO ${S}.warnings (code, subject, message)
     SELECT 'group-cycle', id, 'group is its own ancestor; made a root' FROM broken`,
  );
}

/**
 * SQL for the category id of a staged good `g`, for use with a left join of `category_ids gc` on its group.
 *
 * @example `SELECT ${CATEGORY_OF_GOOD} FROM onec_staging.goods g LEFT JOIN onec_staging.category_ids gc ON ...`
 */
export const CATEGORY_OF_GOOD = `coalesce(gc.id, (SELECT id FROM ${S}.category_ids own
  WHERE own.onec_id = CASE WHEN g.group_id IS NULL THEN '${NONE}' ELSE '${UNRESOLVED}' END))`;
