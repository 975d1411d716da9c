import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type RunView, viewRun } from '../../engine/run-view.ts';
import { Refused } from '../../errors.ts';
import { locateRun, runPaths } from '../../journal/run-directory.ts';
import { htmlReport } from '../../report/html.ts';
import { markdownReport } from '../../report/markdown.ts';
import { makeReport } from '../../report/report.ts';
import { type Verification, verifyReport, verifyRun } from '../../report/verify-report.ts';
import type { CliEnvironment, CommonOptions } from '../environment.ts';
import { EXIT } from '../exit-codes.ts';
import { openStore } from '../open-store.ts';
import { type RegisterVerb, type RunOptions, requireRun } from '../verb.ts';

/** `roundtrip report` and `roundtrip verify`: the proof for others, and its check without us. */
export const registerReport: RegisterVerb = (program, run) => {
  program
    .command('report')
    .description('write one self-contained file with timeline, gates, evidence and proof')
    .argument('[folder]', 'the folder of a run, wherever it was copied; a run of the state folder by default')
    .option('--run <id>')
    .option('--target <name>')
    .option('--format <format>', 'html, json or md', 'html')
    .option('--out <file>', 'default: stdout')
    .action(
      run<RunOptions & { folder?: string; format: string; out?: string }>(async (environment, options) => {
        const { plan, records } = await runOf(environment, options);
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
    .argument('<file>', 'a report in HTML or JSON, a journal.ndjson, or the folder of a run')
    .action(
      run<CommonOptions & { file: string }>(async (environment, options) => {
        const result = verifyFile(options.file);
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

async function runOf(
  environment: CliEnvironment,
  options: RunOptions & { folder?: string },
): Promise<RunView> {
  if (options.folder === undefined) return requireRun((await openStore(environment, options)).state, options);
  const { state, runId } = locateRun(options.folder);
  return viewRun(state, runId);
}

function verifyFile(file: string): Verification {
  const kind = statSync(file, { throwIfNoEntry: false });
  if (kind === undefined)
    throw new Refused({
      code: 'report-missing',
      seen: `${path.resolve(file)}: no such file`,
      expected: 'a report in HTML or JSON, a journal.ndjson, or the folder of a run',
      next: 'correct the name; `roundtrip report --out report.html` writes a report',
    });
  if (!kind.isDirectory()) return verifyReport(readFileSync(file, 'utf8'));
  const { state, runId } = locateRun(file);
  const { journal, plan } = runPaths(state, runId);
  return verifyRun(readFileSync(journal, 'utf8'), readFileSync(plan, 'utf8'));
}
