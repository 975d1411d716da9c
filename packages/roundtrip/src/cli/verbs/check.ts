import { checkPlan, planForCheck } from '../../engine/preflight-run.ts';
import { type CommonOptions, loadRunbook, operationOf } from '../environment.ts';
import { EXIT } from '../exit-codes.ts';
import { openStore } from '../open-store.ts';
import type { RegisterVerb } from '../verb.ts';

/** `roundtrip check`: everything that would make `run` refuse, days ahead, each with its cure. */
export const registerCheck: RegisterVerb = (program, run) => {
  program
    .command('check')
    .description(
      'report at once everything that would make a run refuse, each with its cure; changes nothing',
    )
    .requiredOption('--target <name>')
    .action(
      run<CommonOptions & { target: string }>(async (environment, options) => {
        const runbook = await loadRunbook(environment, options);
        const { plan, findings: kept } = await planForCheck(runbook, options.target);
        const found = await checkPlan(
          operationOf(environment, await openStore(environment, options), runbook),
          plan,
        );
        // A step that resolves the same tag says the same.
        const told = new Set(kept.map(({ seen }) => seen));
        const findings = [...kept, ...found.filter(({ seen }) => !told.has(seen))];
        const refusals = findings.filter(({ severity }) => severity === 'refusal');
        const exitCode = refusals.length === 0 ? EXIT.success : EXIT.refused;
        const { stdout } = environment;
        if (options.json === true) {
          for (const finding of findings)
            stdout.write(`${JSON.stringify({ version: 1, type: 'finding', ...finding })}\n`);
          stdout.write(
            `${JSON.stringify({ version: 1, type: 'verdict', exitCode, verdict: refusals.length === 0 ? 'go' : 'no-go', refusals: refusals.length })}\n`,
          );
          return exitCode;
        }
        for (const { severity, check, code, seen, expected, cure } of findings) {
          stdout.write(
            `${severity === 'refusal' ? 'NO-GO' : 'warn '} [${check}] ${code}\n      seen:     ${seen}\n      expected: ${expected}\n      cure:     ${cure}\n`,
          );
        }
        stdout.write(
          refusals.length === 0 ? 'go: nothing stands in the way\n' : `no-go: ${refusals.length} to cure\n`,
        );
        return exitCode;
      }),
    );
};
