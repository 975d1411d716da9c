import { Failed, Refused } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { blastRadius } from '../postgres/blast-radius.ts';
import { withClient } from '../postgres/connection.ts';
import type { AlsoReached } from '../postgres/declared-reference.ts';
import { sqlTableName } from '../postgres/table-name.ts';
import { type StepSpec, stepSpec } from '../runbook/step-spec.ts';
import {
  type CommandArgs,
  type CommandOptions,
  lastLine,
  lockPatienceMs,
  runStepCommand,
} from './run-command.ts';
import { anyStepKind, type StepContext } from './step-kind.ts';
import { endSurvivors } from './survivors.ts';
import { applicationName, databaseOf } from './target-databases.ts';

export interface FlushArgs extends CommandArgs {
  /** The tables that the command empties, children first. */
  readonly deletes: readonly string[];
  /** What the application's code reaches without a foreign key that says so. */
  readonly alsoReaches?: readonly (string | { readonly table: string; readonly count: string })[] | undefined;
  /** Rows that a table may hold when the flush begins. */
  readonly atMost?: Readonly<Record<string, number>> | undefined;
}

/**
 * Deletes old rows through the application's own command, but only when no protected row would go with them: the
 * blast radius of every table it empties is walked first, and a flush that would delete, null or orphan a protected
 * row is refused before it starts.
 *
 * `alsoReaches` names what no constraint of the database does: columns that the application's code follows, and
 * counting queries where there is not even an equality of columns.
 *
 * `atMost` is how many rows were planned for, per table: a flush that finds more is refused before it starts.
 *
 * @example flush({ argv: ['freesport', 'flush-products', '--confirm'], deletes: ['product_variants', 'products'] })
 * @example flush({ argv, deletes: ['products'], alsoReaches: ['reviews.object_id = products.id'], atMost: { products: 60_000 } })
 */
export function flush(
  options: CommandOptions & {
    readonly deletes: readonly string[];
    readonly alsoReaches?: readonly AlsoReached[] | undefined;
    readonly atMost?: Readonly<Record<string, number>> | undefined;
  },
): StepSpec {
  const { argv, cwd, env, on, verify } = options;
  const args: JsonObject = {
    argv,
    cwd,
    env,
    verify,
    database: true,
    on,
    idempotent: options.idempotent ?? true,
    lockPatienceMs: lockPatienceMs(options),
    deletes: options.deletes,
    alsoReaches: options.alsoReaches,
    atMost: options.atMost,
  };
  return stepSpec({
    kind: 'flush',
    defaultId: 'flush',
    defaultTitle: 'Flush the old rows',
    effect: 'undone-by-way-back',
    common: options,
    args,
  });
}

export const flushKind = anyStepKind<FlushArgs>({
  kind: 'flush',
  async inspect(context) {
    await endSurvivors(context);
    return 'not-done';
  },
  async do(context, args) {
    const { plan } = context;
    await refuseMoreThanPlanned(context, args);
    const touched = await withClient(
      databaseOf(context, args.on),
      { applicationName: applicationName(context) },
      async (client) => {
        const radii = [];
        for (const table of args.deletes)
          radii.push(
            ...(
              await blastRadius(client, {
                deleteFrom: table,
                protectedTables: plan.protectedTables,
                alsoReaches: args.alsoReaches,
              })
            ).protected,
          );
        return radii.filter((row) => row.rows !== '0');
      },
    );
    if (touched.length > 0) {
      throw new Refused({
        code: 'flush-touches-protected',
        seen: `deleting from ${args.deletes.join(', ')} would reach ${touched.map((row) => `${row.rows} rows of ${row.table} (${row.effect})`).join(', ')}`,
        expected: 'no row of a protected table deleted, nulled or orphaned',
        next: 'let protected rows refer to something the flush keeps (see the SKU registry), then plan again',
        fields: { touched },
      });
    }
    const result = await runStepCommand(context, args, args.argv);
    return { blastRadius: 'no protected row', durationMs: result.durationMs, stdout: lastLine(result) };
  },
  async verify(context, args) {
    const left = await countRows(context, args, args.deletes);
    const remaining = Object.entries(left).filter(([, count]) => count !== '0');
    if (remaining.length === 0) return { left };
    throw new Failed({
      code: 'flush-incomplete',
      seen: `rows left: ${remaining.map(([table, count]) => `${count} in ${table}`).join(', ')}`,
      expected: 'empty tables after the flush',
      next: 'the run rolls back; look at what the command printed',
    });
  },
});

/** A planned number is a guard against the wrong database, and against what somebody loaded since. */
async function refuseMoreThanPlanned(context: StepContext, args: FlushArgs): Promise<void> {
  const planned = Object.entries(args.atMost ?? {});
  const counts = await countRows(
    context,
    args,
    planned.map(([table]) => table),
  );
  const more = planned.filter(([table, atMost]) => Number(counts[table]) > atMost);
  if (more.length === 0) return;
  throw new Refused({
    code: 'flush-more-than-planned',
    seen: more.map(([table]) => `${table} holds ${counts[table]} rows`).join('; '),
    expected: more.map(([table, atMost]) => `at most ${atMost} in ${table}`).join('; '),
    next: 'nothing was flushed: find out where the rows come from, and whether this is the database that was meant; then correct `atMost` and plan again',
    fields: { counts },
  });
}

async function countRows(
  context: StepContext,
  args: FlushArgs,
  tables: readonly string[],
): Promise<Record<string, string>> {
  const session = { applicationName: applicationName(context) };
  return withClient(databaseOf(context, args.on), session, async (client) => {
    const counts: Record<string, string> = {};
    for (const table of tables) {
      const { rows } = await client.query<{ count: string }>(
        `SELECT count(*)::text AS count FROM ${sqlTableName(table)}`,
      );
      counts[table] = rows[0]?.count ?? '?';
    }
    return counts;
  });
}
