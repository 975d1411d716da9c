import { Refused } from '../../errors.ts';
import type { Client } from '../connection.ts';
import { formatTableName, sqlTableName } from '../table-name.ts';

/** A sequence that was moved on. Positions as text: they may exceed 2^53. */
export interface CarriedSequence {
  readonly sequence: string;
  readonly before: string;
  readonly after: string;
}

interface Position {
  readonly sequence: string;
  /** The value that was handed out last; one increment before the next one where `setval(…, false)` says what that is. */
  readonly last: bigint;
  /** Neither drawn from nor set. */
  readonly untouched: boolean;
  readonly increment: bigint;
  readonly min: bigint;
  readonly max: bigint;
  readonly cycles: boolean;
}

/**
 * Moves each sequence that both sides have on to where the other side is, plus `margin` values: sequences do not
 * replicate. None is ever moved back. The margin covers values that were drawn and not yet used.
 *
 * @throws Refused `sequence-exhausted` where the other side has drawn values that do not fit.
 */
export async function carrySequences(options: {
  readonly from: Client;
  readonly to: Client;
  /** Values, not numbers: each counts as one increment. Default 100. */
  readonly margin?: number | undefined;
}): Promise<CarriedSequence[]> {
  const { from: source, to: destination } = options;
  const margin = BigInt(options.margin ?? 100);
  const [ours, theirs] = await Promise.all([positions(source), positions(destination)]);
  const byName = new Map(theirs.map((position) => [position.sequence, position]));
  const carried: CarriedSequence[] = [];
  for (const from of ours) {
    const to = byName.get(from.sequence);
    // A cycling sequence has no order to keep.
    if (to === undefined || from.untouched || from.cycles) continue;
    const fits = (value: bigint): boolean => value >= to.min && value <= to.max;
    const ahead = (a: bigint, b: bigint): boolean => (from.increment > 0n ? a > b : a < b);
    // Close to its end the margin is given up, not the way back: what matters is that no value is handed out twice.
    const wished = from.last + margin * from.increment;
    const target = fits(wished) ? wished : from.last;
    if (!ahead(target, to.last)) continue;
    if (!fits(target)) throw exhausted(from.sequence, target, to);
    const before = to.untouched ? to.last + to.increment : to.last;
    carried.push({ sequence: from.sequence, before: before.toString(), after: target.toString() });
  }
  if (carried.length === 0) return carried;
  // All in one statement: customers wait for it.
  await destination.query(
    'SELECT setval(name::regclass, position::bigint, true) FROM unnest($1::text[], $2::text[]) AS t (name, position)',
    [carried.map(({ sequence }) => sqlTableName(sequence)), carried.map(({ after }) => after)],
  );
  return carried;
}

async function positions(client: Client): Promise<Position[]> {
  const { rows } = await client.query<{
    schema: string;
    name: string;
    start: string;
    last: string | null;
    increment: string;
    min: string;
    max: string;
    cycles: boolean;
  }>(
    `SELECT schemaname AS schema, sequencename AS name, start_value::text AS start, last_value::text AS last,
            increment_by::text AS increment, min_value::text AS min, max_value::text AS max, cycle AS cycles
     FROM pg_catalog.pg_sequences ORDER BY 1, 2`,
  );
  const spelled = rows.map((row) => ({ ...row, sequence: formatTableName(row) }));
  const set = await nextValues(
    client,
    spelled.filter(({ last }) => last === null).map(({ sequence }) => sequence),
  );
  return spelled.map(({ sequence, start, last, increment, min, max, cycles }) => {
    const next = BigInt(set.get(sequence) ?? start);
    return {
      sequence,
      last: last === null ? next - BigInt(increment) : BigInt(last),
      untouched: last === null && next === BigInt(start),
      increment: BigInt(increment),
      min: BigInt(min),
      max: BigInt(max),
      cycles,
    };
  });
}

/** `pg_sequences` tells nothing of a sequence that was set and not drawn from since: after an import that brings its own ids. */
async function nextValues(client: Client, sequences: readonly string[]): Promise<Map<string, string>> {
  if (sequences.length === 0) return new Map();
  const each = sequences.map(
    (sequence, at) => `SELECT ${at} AS at, last_value::text AS next FROM ${sqlTableName(sequence)}`,
  );
  const { rows } = await client.query<{ at: number; next: string }>(each.join(' UNION ALL '));
  return new Map(rows.map(({ at, next }) => [sequences[at] ?? '', next]));
}

function exhausted(sequence: string, target: bigint, { min, max }: Position): Refused {
  return new Refused({
    code: 'sequence-exhausted',
    seen: `sequence ${sequence} would go to ${target}`,
    expected: `a value between ${min} and ${max}`,
    next: 'widen the sequence, then resume',
  });
}
