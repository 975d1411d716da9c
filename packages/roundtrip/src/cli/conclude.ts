import type { RunResult } from '../engine/operation.ts';
import { asRoundtripError, type RoundtripError } from '../errors.ts';
import type { RunState } from '../journal/fold.ts';
import { lostSession } from '../postgres/lost-session.ts';
import { databaseKept } from './database-kept.ts';
import type { CliEnvironment } from './environment.ts';
import { EXIT, exitCodeOfError, exitCodeOfHalt } from './exit-codes.ts';
import { failedStep } from './failed-step.ts';
import { nextMove } from './next-move.ts';
import { productionState } from './production-state.ts';

/** Says how a run ended and what is safe next; the last line of `--json`. Returns the exit code. */
export function concludeRun(
  environment: CliEnvironment,
  result: RunResult,
  options: { readonly json: boolean; readonly rollbackAsked: boolean },
): number {
  const { runId, plan, state, halt, receipt } = result;
  // A rehearsal that left no receipt went back because something failed, not because the drill was due.
  const drill = state.started.kind === 'rehearsal' && receipt !== undefined;
  const exitCode = exitCodeOfHalt({ plan, state, halt, rollbackAsked: options.rollbackAsked || drill });
  const verdict = halt.next === 'none' ? halt.verdict : halt.next;
  if (options.json) {
    const failed = firstError(state);
    environment.stdout.write(
      `${JSON.stringify({ version: 1, type: 'verdict', exitCode, verdict, runId, receipt: receipt?.hash, error: failed, head: state.head })}\n`,
    );
    return exitCode;
  }
  const why = halt.next === 'interrupted' ? `: ${halt.reason}` : '';
  environment.stderr.write(
    `\n${runId}: ${verdict}${why} (exit ${exitCode})\n${failedStep(plan, state)}${productionState(state)}\n${databaseKept(state)}${nextMove(runId, halt, false)}\n`,
  );
  return exitCode;
}

/** Says what went wrong with a verb that never reached a run, or could not go on. Returns the exit code. */
export function concludeError(
  environment: CliEnvironment,
  thrown: unknown,
  options: { readonly json: boolean; readonly production: string },
): number {
  const error: RoundtripError = asRoundtripError(lostSession(thrown) ?? thrown);
  const exitCode = exitCodeOfError(error);
  if (options.json) {
    const { outcome, code, seen, expected, next, fields } = error;
    environment.stdout.write(
      `${JSON.stringify({ version: 1, type: 'verdict', exitCode, verdict: outcome, error: { code, seen, expected, next, fields }, production: options.production })}\n`,
    );
    return exitCode;
  }
  const label =
    error.outcome === 'refused' ? 'Refused' : error.outcome === 'bug' ? 'Internal error' : 'Failed';
  environment.stderr.write(
    [
      `${label} (${error.code})`,
      `  seen:       ${indent(error.seen)}`,
      `  expected:   ${indent(error.expected)}`,
      `  production: ${options.production}`,
      `  next:       ${indent(error.next)}`,
      '',
    ].join('\n'),
  );
  if (exitCode === EXIT.internal && error.cause instanceof Error)
    environment.stderr.write(`${error.cause.stack ?? ''}\n`);
  return exitCode;
}

function indent(text: string): string {
  return text.replaceAll('\n', `\n${' '.repeat(14)}`);
}

function firstError(state: RunState): unknown {
  const errors = Object.values(state.steps).map((step) => step.do.error ?? step.undo.error);
  return errors.find((error) => error !== undefined);
}
