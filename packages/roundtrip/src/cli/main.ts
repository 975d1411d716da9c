import { existsSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { latestRun } from '../engine/run-view.ts';
import { Refused } from '../errors.ts';
import { openStateFolder } from '../journal/run-directory.ts';
import { TOOL_VERSION } from '../version.ts';
import { concludeError } from './conclude.ts';
import { type CliEnvironment, type CommonOptions, stateRoot } from './environment.ts';
import { EXIT } from './exit-codes.ts';
import { productionState } from './production-state.ts';
import type { RegisterVerb, VerbAction } from './verb.ts';
import { registerActs } from './verbs/act.ts';
import { registerBackup } from './verbs/backup.ts';
import { registerBlastRadius } from './verbs/blast-radius.ts';
import { registerCheck } from './verbs/check.ts';
import { registerCompare } from './verbs/compare.ts';
import { registerFingerprint } from './verbs/fingerprint.ts';
import { registerGuide } from './verbs/guide.ts';
import { registerInit } from './verbs/init.ts';
import { registerLint } from './verbs/lint.ts';
import { registerPlan } from './verbs/plan.ts';
import { registerReport } from './verbs/report.ts';
import { registerServe } from './verbs/serve.ts';
import { registerStatus } from './verbs/status.ts';
import { registerUnlock } from './verbs/unlock.ts';
import { registerWatch } from './verbs/watch.ts';

const VERBS: readonly RegisterVerb[] = [
  registerInit,
  registerCheck,
  registerPlan,
  registerActs,
  registerWatch,
  registerStatus,
  registerReport,
  registerGuide,
  registerServe,
  registerBackup,
  registerBlastRadius,
  registerLint,
  registerCompare,
  registerFingerprint,
  registerUnlock,
];

/**
 * The command line: parses, runs one verb, says how it ended. Returns the exit code (see `EXIT`) and never throws.
 *
 * @example process.exitCode = await main(process.argv.slice(2), processEnvironment(signal));
 */
export async function main(argv: readonly string[], environment: CliEnvironment): Promise<number> {
  let exitCode: number = EXIT.success;
  const program = new Command('roundtrip')
    .description('PostgreSQL migrations that are rehearsed, proven and can be undone')
    .version(TOOL_VERSION)
    .option('--runbook <file>', 'the runbook (default ROUNDTRIP_RUNBOOK or ./runbook.ts)')
    .option('--state <folder>', 'journals, receipts and backups (default ROUNDTRIP_STATE or ./.roundtrip)')
    .option(
      '--control-store <uri>',
      'runs in PostgreSQL, for operators on several machines: postgresql://user@host/database?passfile=… (default ROUNDTRIP_CONTROL_STORE, or the store that --state is a copy of)',
    )
    .option('--json', 'NDJSON on stdout; the last line is the verdict')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void environment.stdout.write(text),
      writeErr: (text) => void environment.stderr.write(text),
    });
  const run =
    <Options extends CommonOptions>(action: VerbAction<Options>) =>
    async (...parsed: unknown[]): Promise<void> => {
      const command = parsed.at(-1) as Command;
      const named = Object.fromEntries(
        command.registeredArguments.map((argument, index) => [
          argument.name(),
          argument.variadic ? command.args.slice(index) : command.args[index],
        ]),
      );
      const options = { ...command.optsWithGlobals(), ...named } as unknown as Options;
      try {
        exitCode = await action(environment, options);
      } catch (thrown) {
        exitCode = concludeError(environment, thrown, {
          json: options.json === true,
          production: lastKnownState(environment, options),
        });
      }
    };
  for (const register of VERBS) register(program, run);
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return EXIT.success;
    // Whoever reads NDJSON reads no stderr: the last line is the verdict here, too.
    if (argv.includes('--json'))
      concludeError(environment, misused(error), { json: true, production: 'not looked at' });
    return EXIT.usage;
  }
  return exitCode;
}

function misused(error: CommanderError): Refused {
  return new Refused({
    code: 'usage',
    seen: error.message.replace(/^error: /, ''),
    expected: 'a command line that can be understood',
    next: 'see `roundtrip --help`, or --help after the verb',
    cause: error,
  });
}

/** Told with every error: an operator who meets one at 02:00 wants to know this first. */
function lastKnownState(environment: CliEnvironment, options: CommonOptions): string {
  try {
    // A refused command leaves no folder where there was none.
    const root = stateRoot(environment, options);
    if (!existsSync(root)) return 'no run has touched it';
    const latest = latestRun(openStateFolder(root), { kind: 'live' });
    return latest === undefined
      ? 'no run has touched it'
      : `${productionState(latest.state)} (run ${latest.runId})`;
  } catch (error) {
    return `unknown: ${(error as Error).message}`; // The journal itself is what cannot be read: say so rather than hide the first error.
  }
}
