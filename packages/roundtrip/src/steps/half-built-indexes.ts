import { Failed } from '../errors.ts';
import { withClient } from '../postgres/connection.ts';
import type { StepContext } from './step-kind.ts';
import { applicationName, databaseOf, type WorksOn } from './target-databases.ts';

const MARK = 'invalid-indexes';

/**
 * Notes, before a command first acts, which indexes are invalid already. Only the first attempt can know: what a killed one
 * left half-built is there by the second.
 *
 * @example await noteInvalidIndexes(context, args.on)
 */
export async function noteInvalidIndexes(context: StepContext, on: WorksOn | undefined): Promise<void> {
  if (context.marks[MARK] === undefined)
    await context.mark(MARK, { before: await invalidIndexes(context, on) });
}

/**
 * Refuses a command that ended well and left an index which PostgreSQL does not use: `CREATE INDEX CONCURRENTLY` that failed
 * or was killed leaves one, and with `IF NOT EXISTS` the next attempt takes it for done.
 *
 * @throws Failed `index-half-built`.
 */
export async function refuseHalfBuilt(context: StepContext, on: WorksOn | undefined): Promise<void> {
  const noted = context.marks[MARK] ?? context.marksOfDo[MARK];
  const before = (noted?.before ?? []) as readonly string[];
  const halfBuilt = (await invalidIndexes(context, on)).filter((index) => !before.includes(index));
  if (halfBuilt.length === 0) return;
  throw new Failed({
    code: 'index-half-built',
    seen: `the command ended well, and PostgreSQL does not use ${halfBuilt.join(', ')}: an index that was not built to its end`,
    expected: 'every index valid',
    next: `the run goes back; let the migration build it without IF NOT EXISTS, or drop what is left of it first (${halfBuilt.map((index) => `DROP INDEX IF EXISTS ${index}`).join('; ')})`,
    fields: { indexes: halfBuilt },
  });
}

async function invalidIndexes(context: StepContext, on: WorksOn | undefined): Promise<string[]> {
  const session = { applicationName: applicationName(context) };
  return withClient(databaseOf(context, on), session, async (client) => {
    // That of a partitioned table is invalid until every partition has one, which is a way of building it.
    const { rows } = await client.query<{ name: string }>(
      `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
       JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT i.indisvalid AND c.relkind = 'i' ORDER BY 1`,
    );
    return rows.map(({ name }) => name);
  });
}
