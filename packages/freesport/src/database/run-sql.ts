import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type RawBuilder,
} from 'kysely';
import type { Queryable, Row } from './database.ts';

/** Kysely only writes the SQL; `Database` runs it, because there the outages of a switch are handled. */
const compiler = new Kysely<unknown>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

/**
 * Runs a statement put together with Kysely's `sql` template: every value a parameter, fragments composable.
 *
 * @example
 * await runSql<{ id: number }>(database, sql`SELECT id FROM products WHERE slug = ${slug}`);
 */
export async function runSql<R extends Row>(
  database: Queryable,
  statement: RawBuilder<unknown>,
  options: { readonly prepared?: boolean } = {},
): Promise<R[]> {
  const { sql, parameters } = statement.compile(compiler);
  return await database.query<R>(sql, parameters, options);
}
