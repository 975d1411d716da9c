import { differingRows } from '../../postgres/drill-down.ts';
import { requireTarget } from '../../runbook/plan.ts';
import { type CommonOptions, loadRunbook } from '../environment.ts';
import { EXIT } from '../exit-codes.ts';
import type { RegisterVerb } from '../verb.ts';

/** `roundtrip compare`: when two fingerprints differ, which rows it is. */
export const registerCompare: RegisterVerb = (program, run) => {
  program
    .command('compare')
    .description(
      'name by key the rows in which a table differs between the target and another of its databases',
    )
    .requiredOption('--target <name>')
    .requiredOption(
      '--with <database>',
      'the other database of the same cluster, such as the return database',
    )
    .requiredOption('--table <table>')
    .option('--max <n>', 'rows to name at most', '20')
    .action(
      run<CommonOptions & { target: string; with: string; table: string; max: string }>(
        async (environment, options) => {
          const runbook = await loadRunbook(environment, options);
          const target = requireTarget(runbook, options.target);
          const other = { ...target.database, database: options.with };
          const found = await differingRows(target.database, other, options.table, {
            max: Number(options.max),
            signal: environment.signal,
          });
          const exitCode = found.rows.length === 0 ? EXIT.success : EXIT.refused;
          if (options.json === true) {
            environment.stdout.write(
              `${JSON.stringify({ version: 1, type: 'verdict', exitCode, ...found })}\n`,
            );
            return exitCode;
          }
          for (const { key, kind, columns } of found.rows) {
            environment.stdout.write(`${kind} ${JSON.stringify(key)} ${JSON.stringify(columns)}\n`);
          }
          if (found.rows.length === 0) environment.stdout.write(`${options.table}: no row differs\n`);
          else if (!found.complete) environment.stdout.write(`… and more; raise --max\n`);
          return exitCode;
        },
      ),
    );
};
