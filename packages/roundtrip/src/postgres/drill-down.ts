import { Refused } from '../errors.ts';
import { listTables, type TableColumns } from './columns.ts';
import { type Client, connect, type DatabaseAddress } from './connection.ts';
import { type PrimaryKey, primaryKeyOf } from './primary-key.ts';
import { sumOfRows } from './row-sums.ts';
import { canonicalTableName, quoted, sqlTableName } from './table-name.ts';

/** One row that two databases do not have alike. Values are not shown: they may be customers' data. */
export interface DifferingRow {
  /** Primary key columns and their values as text. */
  readonly key: Readonly<Record<string, string>>;
  readonly kind: 'changed' | 'only-in-a' | 'only-in-b';
  /** Columns whose values differ; empty unless `changed`. */
  readonly columns: readonly string[];
}

export interface DrillDown {
  readonly table: string;
  readonly rows: readonly DifferingRow[];
  /** False when the search stopped at `max` rows. */
  readonly complete: boolean;
  /** Columns that only one side has: they were not compared. */
  readonly uncompared: readonly string[];
}

/** Ranges a differing range is split into, and the size below which its rows are compared one by one. */
const FANOUT = 32;
const LEAF_ROWS = 2000;
/** Rows looked at to place the boundaries of ranges; they need not be exact quantiles. */
const SAMPLE_ROWS = 20_000;

/**
 * Names the rows by which a table differs between two databases: 32 ranges of the primary key are fingerprinted on both
 * sides in one pass, and only ranges that differ are split further. Both sides are read in one snapshot each.
 *
 * @throws Refused `no-primary-key`, `table-missing`.
 * @example (await differingRows(live, copy, 'order_items', { max: 20 })).rows[0]?.key // { id: '2500000' }
 */
export async function differingRows(
  a: DatabaseAddress,
  b: DatabaseAddress,
  table: string,
  options: { readonly max: number; readonly signal?: AbortSignal | undefined },
): Promise<DrillDown> {
  const sessions: Client[] = [];
  try {
    for (const address of [a, b]) sessions.push(await openSnapshot(address));
    const [left, right] = sessions;
    if (left === undefined || right === undefined) return { table, rows: [], complete: true, uncompared: [] };
    const search = await prepare(left, right, canonicalTableName(table), options);
    const complete = await searchTable(search);
    for (const row of search.found) if (row.kind === 'changed') await nameColumns(search, row);
    const { uncompared } = search;
    return { table: search.table, rows: search.found, complete, uncompared };
  } finally {
    await Promise.all(sessions.map((session) => session.end()));
  }
}

interface Search {
  readonly left: Client;
  readonly right: Client;
  readonly table: string;
  readonly key: PrimaryKey;
  readonly columns: TableColumns['columns'];
  readonly uncompared: readonly string[];
  readonly max: number;
  readonly signal: AbortSignal | undefined;
  readonly found: (DifferingRow & { columns: readonly string[] })[];
}

/** A range of keys: from inclusive, to exclusive, undefined without a bound. A key is its columns' values as text. */
interface KeyRange {
  readonly from: readonly string[] | undefined;
  readonly to: readonly string[] | undefined;
}

async function openSnapshot(address: DatabaseAddress): Promise<Client> {
  const client = await connect(address, { applicationName: 'roundtrip drill-down' });
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    await client.query('SET LOCAL search_path = pg_catalog');
    await client.query('SET LOCAL jit = off');
    await client.query('SET LOCAL row_security = off');
    return client;
  } catch (error) {
    await client.end();
    throw error;
  }
}

async function prepare(
  left: Client,
  right: Client,
  table: string,
  options: { readonly max: number; readonly signal?: AbortSignal | undefined },
): Promise<Search> {
  const [ours, theirs] = [await columnsOf(left, table), await columnsOf(right, table)];
  const other = new Map(theirs.map((column) => [column.name, column]));
  const columns = ours.flatMap((column): TableColumns['columns'][number][] => {
    const twin = other.get(column.name);
    if (twin === undefined) return [];
    // Where the two sides would be hashed in different ways, their texts are compared.
    return [twin.hashed === column.hashed ? column : { ...column, hashed: 'text' }];
  });
  const common = new Set(columns.map(({ name }) => name));
  const uncompared = [...ours, ...theirs].map(({ name }) => name).filter((name) => !common.has(name));
  const key = await primaryKeyOf(left, table);
  return {
    left,
    right,
    table,
    key,
    columns,
    uncompared,
    max: options.max,
    signal: options.signal,
    found: [],
  };
}

async function columnsOf(client: Client, table: string): Promise<TableColumns['columns']> {
  const [found] = await listTables(client, [table]);
  if (found !== undefined) return found.columns;
  throw new Refused({
    code: 'table-missing',
    seen: `no table ${table} in ${client.database}`,
    expected: 'the table on both sides',
    next: 'check the name',
  });
}

/** Whether the table was searched to its end. */
async function searchTable(search: Search): Promise<boolean> {
  const whole: KeyRange = { from: undefined, to: undefined };
  const [a, b] = await Promise.all([
    countRows(search, search.left, whole),
    countRows(search, search.right, whole),
  ]);
  return searchRange(search, whole, { left: a, right: b });
}

/**
 * Whether the range was searched to its end. Its parts are summed in one scan a side: a query for each part read the
 * table twice, and all of it for each part where the key's order is not that of the rows (9.0 s against 3 s for 3M
 * order items, 2026-11).
 */
async function searchRange(
  search: Search,
  range: KeyRange,
  rows: { readonly left: number; readonly right: number },
): Promise<boolean> {
  search.signal?.throwIfAborted();
  const size = Math.max(rows.left, rows.right);
  const larger = rows.left >= rows.right ? search.left : search.right;
  const boundaries = size <= LEAF_ROWS ? [] : await splitRange(search, larger, range, size);
  if (boundaries.length === 0) return compareLeaf(search, range);
  const [a, b] = await Promise.all([
    sumParts(search, search.left, range, boundaries),
    sumParts(search, search.right, range, boundaries),
  ]);
  const edges = [range.from, ...boundaries, range.to];
  for (let part = 0; part + 1 < edges.length; part += 1) {
    const [ours, theirs] = [a.get(part) ?? NO_ROWS, b.get(part) ?? NO_ROWS];
    if (ours.rows === theirs.rows && ours.first === theirs.first && ours.second === theirs.second) continue;
    const inside = { from: edges[part], to: edges[part + 1] };
    if (!(await searchRange(search, inside, { left: Number(ours.rows), right: Number(theirs.rows) })))
      return false;
  }
  return true;
}

interface PartSum {
  readonly rows: string;
  readonly first: string;
  readonly second: string;
}

const NO_ROWS: PartSum = { rows: '0', first: '0', second: '0' };

async function countRows(search: Search, client: Client, range: KeyRange): Promise<number> {
  const { where, values } = condition(search, range);
  const { rows } = await client.query<{ count: string }>(
    `SELECT count(*)::text AS count FROM ${sqlTableName(search.table)} WHERE ${where}`,
    values,
  );
  return Number(rows[0]?.count ?? 0);
}

/** Count and sums of the parts that the boundaries cut the range into, by their place; a part without rows is left out. */
async function sumParts(
  search: Search,
  client: Client,
  range: KeyRange,
  boundaries: readonly (readonly string[])[],
): Promise<Map<number, PartSum>> {
  const { where, values } = condition(search, range);
  const part = partOf(search, boundaries, 0, values);
  const { rows } = await client.query<PartSum & { part: number }>(
    sumOfRows(search.columns, `${sqlTableName(search.table)} WHERE ${where}`, { part }),
    values,
  );
  return new Map(rows.map((sum) => [sum.part, sum]));
}

/** SQL for the place of a row's part, by halves: five comparisons for 32 parts. Adds the boundaries to `values`. */
function partOf(
  search: Search,
  boundaries: readonly (readonly string[])[],
  first: number,
  values: string[],
): string {
  const middle = boundaries.length >> 1;
  const boundary = boundaries[middle];
  if (boundary === undefined) return String(first);
  const below = `${keyNames(search)} < ${keyLiteral(search, boundary, values)}`;
  const lower = partOf(search, boundaries.slice(0, middle), first, values);
  const upper = partOf(search, boundaries.slice(middle + 1), first + middle + 1, values);
  return `CASE WHEN ${below} THEN ${lower} ELSE ${upper} END`;
}

function keyNames(search: Search): string {
  return `(${search.key.map(({ name }) => quoted(name)).join(', ')})`;
}

/** A key for SQL text; its values go to `values`. */
function keyLiteral(search: Search, key: readonly string[], values: string[]): string {
  return `(${search.key.map(({ type }, at) => `$${values.push(key[at] ?? '')}::${type}`).join(', ')})`;
}

/** Keys that cut the range into about equal parts, in order; none when it has only one key. */
async function splitRange(
  search: Search,
  client: Client,
  range: KeyRange,
  size: number,
): Promise<readonly (readonly string[])[]> {
  const { where, values } = condition(search, range);
  const names = search.key.map(({ name }) => quoted(name)).join(', ');
  const texts = search.key.map(({ name }) => `${quoted(name)}::text`).join(', ');
  const share = Math.min(1, SAMPLE_ROWS / size);
  const { rows } = await client.query<string[]>({
    text: `WITH s AS MATERIALIZED (SELECT ${names} FROM ${sqlTableName(search.table)}
             WHERE ${where} ${share < 1 ? `AND random() < ${share}` : ''}),
           n AS (SELECT ${names}, ntile(${FANOUT}) OVER (ORDER BY ${names}) AS part, row_number() OVER (ORDER BY ${names}) AS at FROM s)
           SELECT ${texts} FROM n WHERE at IN (SELECT min(at) FROM n GROUP BY part) AND part > 1 ORDER BY at`,
    values,
    rowMode: 'array',
  });
  return rows;
}

function condition(search: Search, range: KeyRange): { readonly where: string; readonly values: string[] } {
  const values: string[] = [];
  const bound = (operator: string, key: readonly string[] | undefined): string[] =>
    key === undefined ? [] : [`${keyNames(search)} ${operator} ${keyLiteral(search, key, values)}`];
  const parts = [...bound('>=', range.from), ...bound('<', range.to)];
  return { where: parts.length === 0 ? 'true' : parts.join(' AND '), values };
}

async function compareLeaf(search: Search, range: KeyRange): Promise<boolean> {
  const [a, b] = await Promise.all([
    rowHashes(search, search.left, range),
    rowHashes(search, search.right, range),
  ]);
  for (const [id, hash] of a) {
    if (b.get(id) === hash) continue;
    if (!report(search, id, b.has(id) ? 'changed' : 'only-in-a')) return false;
  }
  for (const id of b.keys()) if (!a.has(id) && !report(search, id, 'only-in-b')) return false;
  return true;
}

function report(search: Search, id: string, kind: DifferingRow['kind']): boolean {
  if (search.found.length >= search.max) return false;
  const values = JSON.parse(id) as string[];
  const key = Object.fromEntries(search.key.map(({ name }, at) => [name, values[at] ?? '']));
  search.found.push({ key, kind, columns: [] });
  return true;
}

/** Row hashes by key; the key as JSON of its texts. */
async function rowHashes(search: Search, client: Client, range: KeyRange): Promise<Map<string, string>> {
  const { where, values } = condition(search, range);
  const names = search.key.map(({ name }) => quoted(name)).join(', ');
  const { rows } = await client.query<[string, string]>({
    text: `SELECT json_build_array(${search.key.map(({ name }) => `${quoted(name)}::text`).join(', ')})::text,
             (SELECT first || ' ' || second FROM (${sumOfRows(search.columns, `(SELECT t.*) AS one`)}) AS h)
           FROM ${sqlTableName(search.table)} AS t WHERE ${where} ORDER BY ${names}`,
    values,
    rowMode: 'array',
  });
  return new Map(rows);
}

async function nameColumns(
  search: Search,
  row: { key: DifferingRow['key']; columns: readonly string[] },
): Promise<void> {
  const values = search.key.map(({ name }) => row.key[name] ?? '');
  const where = search.key.map(({ name, type }, at) => `${quoted(name)} = $${at + 1}::${type}`).join(' AND ');
  const texts = search.columns.map(({ name }) => `${quoted(name)}::text`).join(', ');
  const text = `SELECT ${texts} FROM ${sqlTableName(search.table)} WHERE ${where}`;
  const [a, b] = await Promise.all(
    [search.left, search.right].map(
      async (client) => (await client.query<string[]>({ text, values, rowMode: 'array' })).rows[0],
    ),
  );
  row.columns = search.columns.filter((_column, at) => a?.[at] !== b?.[at]).map(({ name }) => name);
}
