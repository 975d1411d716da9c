import { type BlastRadius, blastRadius } from '../../postgres/blast-radius.ts';
import { type DatabaseAddress, withClient } from '../../postgres/connection.ts';
import { requireTarget } from '../../runbook/plan.ts';
import { type CliEnvironment, type CommonOptions, loadRunbook } from '../environment.ts';
import { EXIT } from '../exit-codes.ts';
import type { RegisterVerb } from '../verb.ts';
import { conclude, withDatabase } from './backup-options.ts';

interface BlastFlags extends CommonOptions {
  readonly target?: string | undefined;
  readonly database?: string | undefined;
  readonly delete: string;
  readonly where?: string | undefined;
  readonly also?: readonly string[] | undefined;
  readonly protect?: readonly string[] | undefined;
}

const several = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

/** `roundtrip blast-radius`: what a delete would take with it, in a runbook's target or in any database. */
export const registerBlastRadius: RegisterVerb = (program, run) => {
  program
    .command('blast-radius')
    .description('count the rows of other tables that a delete would delete, null or orphan; deletes nothing')
    .option('--target <name>', 'a target of the runbook, whose protected tables are looked at')
    .option(
      '--database <url>',
      'without a target: postgres://user@host:port/database (default PGHOST, PGPORT, PGUSER, PGDATABASE)',
    )
    .requiredOption('--delete <table>')
    .option('--where <condition>', 'only rows that meet this SQL condition')
    .option(
      '--also <reference>',
      "what the application's code follows: order_items.product_id=products.id; may be repeated",
      several,
    )
    .option('--protect <table>', 'exit with 3 when rows of it are reached; may be repeated', several)
    .action(run<BlastFlags>(blast));
};

async function blast(environment: CliEnvironment, options: BlastFlags): Promise<number> {
  const radius = await onDatabase(environment, options, (address, tables) =>
    withClient(address, { applicationName: 'roundtrip blast-radius' }, (client) =>
      blastRadius(client, {
        deleteFrom: options.delete,
        where: options.where,
        protectedTables: [...tables, ...(options.protect ?? [])],
        alsoReaches: options.also,
      }),
    ),
  );
  const hit = radius.protected.filter((row) => row.rows !== '0');
  return conclude(environment, options, {
    exitCode: hit.length === 0 ? EXIT.success : EXIT.refused,
    data: radius,
    lines: radius.tables.map(
      (row) => `${row.effect.padEnd(9)} ${row.rows.padStart(10)} rows of ${row.table}`,
    ),
  });
}

async function onDatabase(
  environment: CliEnvironment,
  options: BlastFlags,
  work: (address: DatabaseAddress, protectedTables: readonly string[]) => Promise<BlastRadius>,
): Promise<BlastRadius> {
  if (options.target === undefined)
    return withDatabase(environment, { database: options.database, jobs: '1', timeout: '1h' }, (address) =>
      work(address, []),
    );
  const runbook = await loadRunbook(environment, options);
  return work(requireTarget(runbook, options.target).database, runbook.protectedTables);
}
