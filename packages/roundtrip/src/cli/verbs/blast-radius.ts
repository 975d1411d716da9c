import { blastRadius } from '../../postgres/blast-radius.ts';
import { withClient } from '../../postgres/connection.ts';
import { requireTarget } from '../../runbook/plan.ts';
import { type CommonOptions, loadRunbook } from '../environment.ts';
import { EXIT } from '../exit-codes.ts';
import type { RegisterVerb } from '../verb.ts';

/** `roundtrip blast-radius`: what a delete would take with it. */
export const registerBlastRadius: RegisterVerb = (program, run) => {
  program
    .command('blast-radius')
    .description('count the rows of other tables that a delete would delete, null or orphan; deletes nothing')
    .requiredOption('--target <name>')
    .requiredOption('--delete <table>')
    .option('--where <condition>', 'only rows that meet this SQL condition')
    .action(
      run<CommonOptions & { target: string; delete: string; where?: string }>(
        async (environment, options) => {
          const runbook = await loadRunbook(environment, options);
          const target = requireTarget(runbook, options.target);
          const { protectedTables } = runbook;
          const radius = await withClient(
            target.database,
            { applicationName: 'roundtrip blast-radius' },
            (client) =>
              blastRadius(client, { deleteFrom: options.delete, where: options.where, protectedTables }),
          );
          const hit = radius.protected.filter((row) => row.rows !== '0');
          const exitCode = hit.length === 0 ? EXIT.success : EXIT.refused;
          if (options.json === true)
            environment.stdout.write(
              `${JSON.stringify({ version: 1, type: 'verdict', exitCode, ...radius })}\n`,
            );
          else
            for (const row of radius.tables)
              environment.stdout.write(
                `${row.effect.padEnd(9)} ${row.rows.padStart(10)} rows of ${row.table}\n`,
              );
          return exitCode;
        },
      ),
    );
};
