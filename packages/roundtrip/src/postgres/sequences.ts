import type { Client } from './connection.ts';
import { formatTableName } from './table-name.ts';

/** Sequence positions by "schema.sequence" (spelled as tables are); texts, since they may exceed 2^53. */
export type SequencePositions = Readonly<Record<string, string>>;

/** Reads every sequence of the user schemas. A sequence never used reads as 0. */
export async function readSequences(client: Client): Promise<SequencePositions> {
  const { rows } = await client.query<{ schema: string; name: string; position: string }>(
    `SELECT schemaname AS schema, sequencename AS name, coalesce(last_value, 0)::text AS position
     FROM pg_catalog.pg_sequences ORDER BY 1, 2`,
  );
  return Object.fromEntries(
    rows.map(({ schema, name, position }) => [formatTableName({ schema, name }), position]),
  );
}
