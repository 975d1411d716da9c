import { Refused } from '../errors.ts';
import type { TableColumns } from './columns.ts';
import type { Client } from './connection.ts';
import { primaryKeyOf } from './primary-key.ts';
import { hashedMembers } from './row-sums.ts';
import { canonicalTableName } from './table-name.ts';

/** What a fingerprint says of itself where only some of the rows went into it. */
export interface TableSample {
  /** Above 0 and below 1. */
  readonly share: number;
  /** The primary key, whose hash decides about a row. */
  readonly key: readonly string[];
  /** Rows that were hashed, as text; the fingerprint's own `rows` counts all of them. */
  readonly rows: string;
}

/** Which rows of a table are hashed. */
export interface SampleRule {
  readonly share: number;
  readonly key: readonly string[];
  /** SQL that is true for a row of the sample. */
  readonly sql: string;
}

/** Another seed than those of the digests: whether a row is chosen says nothing about what it adds to them. */
const SEED = 104_729;
/** Shares are kept to a millionth. */
const STEPS = 1_000_000;

/**
 * A share of a table as people write it: `1%`, `0.5 %` or `0.01`.
 *
 * @throws Refused `usage` unless it is above 0 and below 100 %, in steps of a ten-thousandth of a percent.
 * @example parseShare('0.5%') // 0.005
 */
export function parseShare(text: string): number {
  const [, digits, percent] = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(text.trim()) ?? [];
  const steps = Math.round(Number(digits) * (percent === '%' ? STEPS / 100 : STEPS));
  if (digits !== undefined && steps > 0 && steps < STEPS) return steps / STEPS;
  throw new Refused({
    code: 'usage',
    seen: `a sample of ${JSON.stringify(text)}`,
    expected: 'a share above 0 and below 100 %, such as 1% or 0.01',
    next: 'correct it; without a sample the whole table is fingerprinted',
  });
}

/**
 * The rule by which rows are chosen: the hash of the primary key, so that two databases, or one database at two times,
 * sample the same rows wherever they lie. `TABLESAMPLE` chooses by place, which a restore, an UPDATE or a VACUUM moves.
 *
 * @throws Refused `no-primary-key`.
 * @example (await sampleRules(client, tables, { order_items: 0.01 })).get('public.order_items')?.key // ['id']
 */
export async function sampleRules(
  client: Client,
  tables: readonly TableColumns[],
  samples: Readonly<Record<string, number>>,
): Promise<Map<string, SampleRule>> {
  const shares = new Map(Object.entries(samples).map(([table, share]) => [canonicalTableName(table), share]));
  const rules = new Map<string, SampleRule>();
  for (const table of tables) {
    const share = shares.get(table.table);
    if (share === undefined) continue;
    const key = (await primaryKeyOf(client, table.table)).map(({ name }) => name);
    const columns = key.flatMap((name) => table.columns.filter((column) => column.name === name));
    const hash = `hash_record_extended(ROW(${hashedMembers(columns)}), ${SEED})`;
    // The lower 62 bits, since a remainder of a negative number is negative.
    const sql = `(${hash} & 4611686018427387903) % ${STEPS} < ${Math.round(share * STEPS)}`;
    rules.set(table.table, { share, key, sql });
  }
  return rules;
}

/**
 * What a sample proves and what it does not, in words, for whoever reads the result.
 *
 * @example sampleInWords({ share: 0.01, key: ['id'], rows: '29989' }, '2998991')[0] // 'SAMPLE of 1 %: 29989 of …'
 */
export function sampleInWords({ share, key, rows }: TableSample, rowsInAll: string): readonly string[] {
  const percent = (part: number): string => `${Number((part * 100).toPrecision(6))} %`;
  return [
    `SAMPLE of ${percent(share)}: ${rows} of ${rowsInAll} rows, chosen by a hash of the key (${key.join(', ')})`,
    `proves: the number of rows, and that the ${rows} sampled rows are the same`,
    `does not prove: that the other rows are the same. A change of one row is missed ${percent(1 - share)} of the time; ` +
      `a change of ${changedRowsSeen(share)} or more rows that does not choose them by their key is seen 99 times of 100. ` +
      'The rows are the same ones each time: repeating it adds nothing',
  ];
}

/** How many changed rows a sample meets with a probability of 99 %: `(1 - share)^n ≤ 0.01`. */
function changedRowsSeen(share: number): number {
  return Math.ceil(Math.log(0.01) / Math.log(1 - share));
}
