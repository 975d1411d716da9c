import type { Client } from './connection.ts';

/** Sequence positions by "schema.sequence"; texts, since they may exceed 2^53. */
export type SequencePositions = Readonly<Record<string, string>>;

/** Reads every sequence of the user schemas. A sequence never used reads as 0. */
export async function readSequences(client: Client): Promise<SequencePositions> {
  const { rows } = await client.query<{ name: string; position: string }>(
    `SELECT schemaname || '.' || sequencename AS name, coalesce(last_value, 0)::text AS position FROM pg_sequences ORDER BY 1`,
  );
  return Object.fromEntries(rows.map(({ name, position }) => [name, position]));
}
