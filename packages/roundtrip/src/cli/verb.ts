import type { Command } from 'commander';
import { latestRun, type RunView, viewRun } from '../engine/run-view.ts';
import { Refused } from '../errors.ts';
import type { RunKind } from '../journal/record.ts';
import type { StateFolder } from '../journal/run-directory.ts';
import type { CliEnvironment, CommonOptions } from './environment.ts';

/** A verb's work: returns the exit code, or throws an error of the registry. */
export type VerbAction<Options> = (environment: CliEnvironment, options: Options) => Promise<number>;

/** Registers a verb; `run` is called with the parsed options. */
export type RegisterVerb = (
  program: Command,
  run: <Options extends CommonOptions>(action: VerbAction<Options>) => (options: Options) => Promise<void>,
) => void;

/** Options of verbs that take a run. */
export interface RunOptions extends CommonOptions {
  readonly run?: string | undefined;
  readonly target?: string | undefined;
}

/**
 * The run that a verb means: `--run`, or the newest of the target (unfinished first).
 *
 * @throws Refused `no-run`.
 */
export function requireRun(state: StateFolder, options: RunOptions, kind?: RunKind): RunView {
  const view =
    options.run === undefined
      ? latestRun(state, { target: options.target, kind })
      : viewRun(state, options.run);
  if (view !== undefined) return view;
  throw new Refused({
    code: 'no-run',
    seen: `no ${kind === undefined ? '' : `${kind} `}run in ${state.root}`,
    expected: 'a run that was started',
    next: 'check --state and --target, or start one with `roundtrip run`',
  });
}

/**
 * Destructive verbs want the target's name typed, on the command line or at a prompt; without a terminal and without
 * the flag nobody has confirmed.
 *
 * @throws Refused `confirmation-missing` (exit 9) naming the flag; `confirmation-wrong`.
 */
export async function requireConfirmation(
  environment: CliEnvironment,
  options: { readonly confirm?: string | undefined; readonly target: string; readonly warning: string },
): Promise<void> {
  const { confirm, target, warning } = options;
  let typed = confirm;
  if (typed === undefined && environment.stderr.isTTY === true && process.stdin.isTTY === true) {
    const { text, isCancel } = await import('@clack/prompts');
    const answer = await text({ message: `${warning}\nType the target's name (${target}) to go on` });
    typed = isCancel(answer) ? '' : answer;
  }
  if (typed === undefined) {
    throw new Refused({
      code: 'confirmation-missing',
      seen: 'no terminal to ask on and no --confirm',
      expected: `--confirm ${target}`,
      next: `repeat the command with --confirm ${target}`,
    });
  }
  if (typed === target) return;
  throw new Refused({
    code: 'confirmation-wrong',
    seen: `"${typed}"`,
    expected: `the target's name, "${target}"`,
    next: 'make sure which target you mean; nothing was done',
  });
}
