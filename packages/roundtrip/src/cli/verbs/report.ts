import { readFileSync, writeFileSync } from 'node:fs';
import { htmlReport } from '../../report/html.ts';
import { markdownReport } from '../../report/markdown.ts';
import { makeReport } from '../../report/report.ts';
import { verifyReport } from '../../report/verify-report.ts';
import { type CommonOptions, stateFolder } from '../environment.ts';
import { EXIT } from '../exit-codes.ts';
import { type RegisterVerb, type RunOptions, requireRun } from '../verb.ts';

/** `roundtrip report` and `roundtrip verify`: the proof for others, and its check without us. */
export const registerReport: RegisterVerb = (program, run) => {
  program
    .command('report')
    .description('write one self-contained file with timeline, gates, evidence and proof')
    .option('--run <id>')
    .option('--target <name>')
    .option('--format <format>', 'html, json or md', 'html')
    .option('--out <file>', 'default: stdout')
    .action(
      run<RunOptions & { format: string; out?: string }>(async (environment, options) => {
        const { plan, records } = requireRun(stateFolder(environment, options), options);
        const report = makeReport(plan, records);
        const text =
          options.format === 'json'
            ? `${JSON.stringify(report, null, 2)}\n`
            : options.format === 'md'
              ? markdownReport(report)
              : htmlReport(report);
        if (options.out === undefined) environment.stdout.write(text);
        else writeFileSync(options.out, text, { mode: 0o600 });
        return EXIT.success;
      }),
    );

  program
    .command('verify')
    .description('recompute the chain and every number of a report, offline')
    .argument('<file>', 'a report in HTML or JSON, or a journal.ndjson')
    .action(
      run<CommonOptions & { file: string }>(async (environment, options) => {
        const result = verifyReport(readFileSync(options.file, 'utf8'));
        const exitCode = result.problems.length === 0 ? EXIT.success : EXIT.refused;
        if (options.json === true)
          environment.stdout.write(
            `${JSON.stringify({ version: 1, type: 'verdict', exitCode, ...result })}\n`,
          );
        else
          environment.stdout.write(
            result.problems.length === 0
              ? `verified: ${result.records} records, head ${result.head}\n`
              : `NOT verified:\n${result.problems.map((problem) => `  ${problem}\n`).join('')}`,
          );
        return exitCode;
      }),
    );
};
