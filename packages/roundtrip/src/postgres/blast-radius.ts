import { Failed, Refused } from '../errors.ts';
import { type Client, rollBack } from './connection.ts';
import { type AlsoReached, declaredReference } from './declared-reference.ts';
import { type ForeignKey, foreignKeys } from './foreign-keys.ts';
import { canonicalTableName, quoted, sqlTableName } from './table-name.ts';

/** What a delete would do to the rows of one table; `counted` by a query of the runbook, whatever becomes of them. */
export type BlastEffect = 'deleted' | 'nulled' | 'orphaned' | 'counted';

export interface BlastRow {
  /** "schema.table", quoted where it needs to be. */
  readonly table: string;
  readonly effect: BlastEffect;
  readonly rows: string;
  /** The foreign keys from the deleted table to here, by the shortest way. */
  readonly path: readonly string[];
}

export interface BlastRadius {
  readonly deleteFrom: string;
  /** One entry a foreign key that the delete would reach, with no rows as well. */
  readonly tables: readonly BlastRow[];
  /** Those of `tables` that are protected. */
  readonly protected: readonly BlastRow[];
}

/** Rounds of the walk: the longest chain of rows pointing at rows, a category tree's depth for example. */
const ROUNDS_MAX = 1000;

/**
 * The rows of other tables that `DELETE FROM table [WHERE …]` would reach through foreign keys, counted, nothing
 * deleted. A key without ON DELETE (or with RESTRICT) would refuse the delete, or, where an application's ORM
 * cascades in code, lose the rows: they count as `orphaned`, which is no better for whoever owns them, and are
 * followed like deleted ones.
 *
 * What an application's code reaches without any constraint is declared in `alsoReaches`: references are followed as
 * keys are, counting queries are run as they are.
 *
 * Rows are followed, not only tables: a tree in one table or a cycle of keys is walked until no new row turns up. The
 * walk keeps row addresses in temporary tables of one transaction that is rolled back.
 *
 * @throws Failed `blast-radius-deep`; Refused `delete-unreadable`, `reference-invalid`, `counting-query-failed`.
 * @example (await blastRadius(client, { deleteFrom: 'products', protectedTables: ['order_items'] })).protected
 */
export async function blastRadius(
  client: Client,
  options: {
    readonly deleteFrom: string;
    readonly where?: string | undefined;
    readonly protectedTables: readonly string[];
    readonly alsoReaches?: readonly AlsoReached[] | undefined;
  },
): Promise<BlastRadius> {
  const start = canonicalTableName(options.deleteFrom);
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE');
  try {
    const { declared, counts } = await alsoReached(client, options.alsoReaches ?? []);
    const keys = [...(await foreignKeys(client)), ...declared].map((key, index) => ({ ...key, index }));
    const paths = await walk(client, keys, start, options.where);
    const tables = [...(await countReached(client, keys, paths, start)), ...counts];
    const wanted = new Set(options.protectedTables.map(canonicalTableName));
    return { deleteFrom: start, tables, protected: tables.filter((row) => wanted.has(row.table)) };
  } finally {
    await rollBack(client);
  }
}

async function alsoReached(
  client: Client,
  declarations: readonly AlsoReached[],
): Promise<{ readonly declared: readonly ForeignKey[]; readonly counts: readonly BlastRow[] }> {
  const declared: ForeignKey[] = [];
  const counts: BlastRow[] = [];
  for (const declaration of declarations) {
    if (typeof declaration === 'string') declared.push(await declaredReference(client, declaration));
    else counts.push(await counted(client, declaration));
  }
  return { declared, counts };
}

/** Runs a counting query of the runbook. A query that gives no number has found nothing out: an error, never 0. */
async function counted(client: Client, { table, count }: Exclude<AlsoReached, string>): Promise<BlastRow> {
  const refused = (seen: string, cause?: unknown): Refused =>
    new Refused({
      code: 'counting-query-failed',
      seen: `the query that counts the rows of ${table}: ${seen}`,
      expected: 'one row with one whole number',
      next: 'correct `count` in `alsoReaches`',
      cause,
    });
  let rows: readonly (readonly unknown[])[];
  try {
    ({ rows } = await client.query<unknown[]>({ text: count, rowMode: 'array' }));
  } catch (cause) {
    throw refused((cause as Error).message, cause);
  }
  const value = rows.length === 1 && rows[0]?.length === 1 ? String(rows[0][0]) : '';
  if (!/^\d+$/.test(value))
    throw refused(`${rows.length} rows, the first with ${JSON.stringify(rows[0] ?? [])}`);
  return { table: canonicalTableName(table), effect: 'counted', rows: value, path: ['counting query'] };
}

/** A key with its place in the list: temporary tables hold that instead of a name. */
type IndexedKey = ForeignKey & { readonly index: number };

/** A set null or set default ends the way of a row: it stays. */
function spreads(key: ForeignKey): boolean {
  return key.onDelete !== 'n' && key.onDelete !== 'd';
}

/** The rows that the delete names. What cannot be read of it is the fault of whoever named it. */
async function markStart(client: Client, start: string, where: string | undefined): Promise<void> {
  const condition = where === undefined ? '' : ` WHERE (${where})`;
  const from = `${sqlTableName(start)}${condition}`;
  try {
    await client.query(`INSERT INTO doomed SELECT tableoid, ctid, 0 FROM ${from}`);
  } catch (cause) {
    const { code = '' } = cause as { code?: string };
    // Class 42: syntax, names and rights; class 22: what a value in the condition cannot be. All else is not about what was named.
    if (!/^(22|42)/.test(code)) throw cause;
    throw new Refused({
      code: 'delete-unreadable',
      seen: `DELETE FROM ${from}: ${(cause as Error).message}`,
      expected: 'a table of this database that may be read, and a condition on its columns',
      next: 'correct what is to be deleted; nothing was',
      cause,
    });
  }
}

/**
 * Fills `doomed` (rows that would go, with the round that found them) and `reached` (row and key). Returns the
 * shortest chain of keys by which each table's rows were reached.
 */
async function walk(
  client: Client,
  keys: readonly IndexedKey[],
  start: string,
  where: string | undefined,
): Promise<Map<string, readonly string[]>> {
  await client.query(
    `CREATE TEMP TABLE doomed (rel oid, id tid, round int, PRIMARY KEY (rel, id)) ON COMMIT DROP`,
  );
  await client.query(`CREATE TEMP TABLE reached (key int, rel oid, id tid) ON COMMIT DROP`);
  await markStart(client, start, where);
  await client.query('ANALYZE doomed');
  const paths = new Map<string, readonly string[]>([[start, []]]);
  let frontier = new Set([start]);
  for (let round = 1; frontier.size > 0; round += 1) {
    if (round > ROUNDS_MAX) throw tooDeep(start);
    const next = new Set<string>();
    for (const key of keys) {
      if (!frontier.has(key.target)) continue;
      if (!paths.has(key.table)) paths.set(key.table, [...(paths.get(key.target) ?? []), key.name]);
      await client.query(reachedThrough(key), [round - 1]);
      if (!spreads(key)) continue;
      const { rowCount } = await client.query(
        `INSERT INTO doomed SELECT DISTINCT rel, id, $1::int FROM reached WHERE key = $2 ON CONFLICT DO NOTHING`,
        [round, key.index],
      );
      if ((rowCount ?? 0) > 0) next.add(key.table);
    }
    await client.query('ANALYZE doomed');
    frontier = next;
  }
  return paths;
}

/** Rows that point, through this key, at rows that the last round found. */
function reachedThrough(key: IndexedKey): string {
  const match = key.columns.map(
    (column, at) => `c.${quoted(column)} = p.${quoted(key.targetColumns[at] ?? '')}`,
  );
  return `INSERT INTO reached
          SELECT ${key.index}, c.tableoid, c.ctid FROM ${sqlTableName(key.table)} c
          WHERE EXISTS (SELECT FROM ${sqlTableName(key.target)} p JOIN doomed d ON d.rel = p.tableoid AND d.id = p.ctid
                        WHERE d.round = $1 AND ${match.join(' AND ')})`;
}

async function countReached(
  client: Client,
  keys: readonly IndexedKey[],
  paths: ReadonlyMap<string, readonly string[]>,
  start: string,
): Promise<BlastRow[]> {
  // Rows that the delete names itself are no surprise; rows that go anyway are not nulled first.
  const { rows } = await client.query<{ key: number; deleted: string; kept: string }>(
    `SELECT r.key, count(DISTINCT (r.rel, r.id)) FILTER (WHERE d.round IS DISTINCT FROM 0)::text AS deleted,
            count(DISTINCT (r.rel, r.id)) FILTER (WHERE d.round IS NULL)::text AS kept
     FROM reached r LEFT JOIN doomed d USING (rel, id) GROUP BY r.key`,
  );
  const counts = new Map(rows.map((row) => [row.key, row]));
  return keys
    .filter((key) => paths.has(key.target))
    .flatMap((key): BlastRow[] => {
      const count = counts.get(key.index);
      const reached = (spreads(key) ? count?.deleted : count?.kept) ?? '0';
      if (key.table === start && reached === '0') return [];
      const path = [...(paths.get(key.target) ?? []), key.name];
      return [{ table: key.table, effect: effectOf(key), rows: reached, path }];
    });
}

function effectOf(key: ForeignKey): BlastEffect {
  if (key.onDelete === 'c') return 'deleted';
  return key.onDelete === 'n' || key.onDelete === 'd' ? 'nulled' : 'orphaned';
}

function tooDeep(start: string): Failed {
  return new Failed({
    code: 'blast-radius-deep',
    seen: `rows pointing at rows in a chain longer than ${ROUNDS_MAX}, starting from ${start}`,
    expected: 'an end of the chain',
    next: 'count the reach of this delete with a query of your own before anything is deleted',
  });
}
