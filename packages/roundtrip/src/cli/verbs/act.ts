import type { ControlStore } from '../../control/control-store.ts';
import { finishRun, type HumanDecision, resumeRun, rollBack } from '../../engine/continue-run.ts';
import type { Operation, Override, RunResult } from '../../engine/operation.ts';
import { overrunGuard } from '../../engine/overrun-guard.ts';
import { planFor } from '../../engine/preflight-run.ts';
import { rowsAtStake } from '../../engine/rows-at-stake.ts';
import { rehearse, startRun } from '../../engine/start-run.ts';
import { Refused } from '../../errors.ts';
import { readReceipts } from '../../journal/receipt.ts';
import type { Plan } from '../../runbook/plan.ts';
import type { Runbook } from '../../runbook/runbook.ts';
import { concludeRun } from '../conclude.ts';
import { type CliEnvironment, type CommonOptions, loadRunbook, operationOf } from '../environment.ts';
import { openStore } from '../open-store.ts';
import { productionState } from '../production-state.ts';
import { createProgress } from '../progress.ts';
import { type RegisterVerb, type RunOptions, requireConfirmation, requireRun } from '../verb.ts';

/** The verbs that act on a run, in the order of the night: they share progress, conclusion and exit codes. */
export const registerActs: RegisterVerb = (program, run) => {
  program
    .command('rehearse')
    .description(
      "run the target's plan on a staging copy made from production's backup, roll it back, leave a receipt",
    )
    .requiredOption('--target <name>', 'the target whose plan is rehearsed (not the staging target)')
    .action(
      run<CommonOptions & { target: string }>(async (environment, options) => {
        const runbook = await loadRunbook(environment, options);
        return acting(
          environment,
          options,
          { runbook, store: await openStore(environment, options) },
          (operation) => rehearse(operation, { runbook, target: options.target }),
        );
      }),
    );

  program
    .command('run')
    .description('run the plan on its target; refuses without a fresh rehearsal receipt of this very plan')
    .requiredOption('--target <name>')
    .option('--confirm <target>', "the target's name, typed")
    .option(
      '--override <what=reason...>',
      'let a guard pass: receipt="why" or window="why"; kept in the journal',
    )
    .action(
      run<CommonOptions & { target: string; confirm?: string; override?: string[] }>(
        async (environment, options) => {
          const runbook = await loadRunbook(environment, options);
          const overrides = (options.override ?? []).map(parseOverride);
          const plan = await planFor(runbook, options.target);
          await requireConfirmation(environment, {
            confirm: options.confirm,
            target: options.target,
            warning: `This changes ${options.target}.`,
          });
          return acting(
            environment,
            options,
            { runbook, store: await openStore(environment, options) },
            (operation) => startRun(operation, { plan, overrides }),
          );
        },
      ),
    );

  program
    .command('approve')
    .description('answer a run that waits for a human, and let it go on')
    .requiredOption('--step <id>')
    .option('--run <id>')
    .option('--target <name>')
    .option('--done', 'the effect in doubt did happen')
    .option('--not-done', 'the effect in doubt did not happen')
    .option('--comment <text>', 'kept in the journal', '')
    .action(
      run<RunOptions & { step: string; done?: boolean; notDone?: boolean; comment: string }>(
        (environment, options) => {
          const as = options.done === true ? 'done' : options.notDone === true ? 'not-done' : 'approved';
          return resuming(environment, options, { step: options.step, as, comment: options.comment });
        },
      ),
    );

  program
    .command('resume')
    .description('go on with a run from its journal: after a crash, an interruption or a stuck rollback')
    .option('--run <id>')
    .option('--target <name>')
    .action(run<RunOptions>((environment, options) => resuming(environment, options, undefined)));

  program
    .command('finish')
    .description(
      'close the way back for good: the return stream, its slot; in place the return database, too',
    )
    .option('--run <id>')
    .option('--target <name>')
    .option('--early <reason>', 'close it before a watch has passed; kept in the journal')
    .option('--confirm <target>', "the target's name, typed")
    .action(run<RunOptions & { confirm?: string; early?: string }>(finishing));

  for (const [verb, description] of [
    ['abort', 'give up an unfinished run: undo what it did, in reverse order'],
    ['rollback', 'switch back to the return database and the previous release, also hours after the run'],
  ] as const) {
    program
      .command(verb)
      .description(description)
      .option('--run <id>')
      .option('--target <name>')
      .option('--confirm <target>', "the target's name, typed")
      .option('--reason <text>', 'kept in the journal', 'asked for by the operator')
      .option('--lose-rows', 'go back although rows written since would not come along')
      .action(run<GoBackOptions>((environment, options) => goingBack(environment, options, verb)));
  }
};

function parseOverride(text: string): Override {
  const [what, ...reason] = text.split('=');
  if ((what === 'receipt' || what === 'window') && reason.join('=').trim() !== '')
    return { what, reason: reason.join('=') };
  throw new Refused({
    code: 'usage',
    seen: `--override ${text}`,
    expected: '--override receipt="why" or --override window="why"',
    next: 'give one of these with a reason',
  });
}

/** Runs an operation with progress on the terminal and the conclusion after it. */
async function acting(
  environment: CliEnvironment,
  options: CommonOptions,
  means: {
    readonly runbook: Runbook;
    readonly store: ControlStore;
    readonly rollbackAsked?: boolean | undefined;
  },
  act: (operation: Operation) => Promise<RunResult>,
): Promise<number> {
  const json = options.json === true;
  let plan: Plan | undefined;
  const progress = createProgress(environment, { json, plan: () => plan });
  const guard = overrunGuard({
    plan: () => plan,
    receipt: (hash) => readReceipts(means.store.state).receipts.find(({ planHash }) => planHash === hash),
    now: environment.now,
  });
  const operation = operationOf(environment, means.store, means.runbook, {
    onRecord: (record, state) => {
      progress.onRecord(record, state);
      guard.onRecord(record, state);
    },
    onLog: progress.onLog,
    onPlan: (known) => {
      plan = known;
    },
  });
  let result: RunResult;
  try {
    result = await act({ ...operation, signal: AbortSignal.any([operation.signal, guard.signal]) });
  } finally {
    // Before the conclusion, which would else be drawn over by the last frame.
    progress.stop();
  }
  return concludeRun(environment, result, { json, rollbackAsked: means.rollbackAsked === true });
}

async function resuming(
  environment: CliEnvironment,
  options: RunOptions,
  decision: HumanDecision | undefined,
): Promise<number> {
  const store = await openStore(environment, options);
  const { runId, state, plan } = requireRun(store.state, options);
  environment.stderr.write(`${runId}: ${productionState(state)}\n`);
  const rollbackAsked = state.rollback !== undefined && !state.rollback.automatic;
  return acting(environment, options, { runbook: runbookOf(plan), store, rollbackAsked }, (operation) =>
    resumeRun(operation, { runId, decision }),
  );
}

type GoBackOptions = RunOptions & { confirm?: string; reason: string; loseRows?: boolean };

async function goingBack(environment: CliEnvironment, options: GoBackOptions, verb: string): Promise<number> {
  const store = await openStore(environment, options);
  const kind = verb === 'rollback' ? 'live' : undefined;
  const { runId, state, plan } = requireRun(store.state, options, kind);
  environment.stderr.write(`${runId}: ${productionState(state)}\n`);
  const stake = Object.entries(await rowsAtStake(plan, state));
  const lost = stake.map(([table, count]) => `${table} (${'rows' in count ? count.rows : count.unknown})`);
  // Without a terminal nobody reads a warning.
  if (lost.length > 0 && options.confirm !== undefined && options.loseRows !== true) throw losesRows(lost);
  const warning = `This takes ${plan.target.name} back to where it was before ${runId}.`;
  await requireConfirmation(environment, {
    confirm: options.confirm,
    target: plan.target.name,
    warning:
      lost.length === 0 ? warning : `${warning} ROWS WRITTEN SINCE DO NOT COME ALONG: ${lost.join(', ')}.`,
  });
  return acting(environment, options, { runbook: runbookOf(plan), store, rollbackAsked: true }, (operation) =>
    rollBack(operation, { runId, reason: options.reason, verb }),
  );
}

function losesRows(lost: readonly string[]): Refused {
  return new Refused({
    code: 'rollback-loses-rows',
    seen: `rows written since the run: ${lost.join(', ')}; it has no stream that would bring them along`,
    expected: 'none, or the word that they may stay behind',
    next: 'with --lose-rows it goes back; the rows stay in the migrated database, which is kept, closed, under a retired name: the last lines name it. A returnStream in the runbook brings them along next time',
    fields: { lost: [...lost] },
  });
}

async function finishing(
  environment: CliEnvironment,
  options: RunOptions & { confirm?: string; early?: string },
): Promise<number> {
  const store = await openStore(environment, options);
  const { runId, plan } = requireRun(store.state, options, 'live');
  const warning = `After this ${plan.target.name} can no longer be rolled back without losing what customers wrote.`;
  await requireConfirmation(environment, { confirm: options.confirm, target: plan.target.name, warning });
  const { early } = options;
  return acting(environment, options, { runbook: runbookOf(plan), store }, (operation) =>
    finishRun(operation, { runId, early }),
  );
}

/** A resumed run needs no runbook file: its plan is pinned. Only the target's secrets are taken from it. */
function runbookOf(plan: Plan): Runbook {
  return {
    name: plan.runbook,
    title: plan.title,
    targets: { [plan.target.name]: plan.target },
    window: plan.window,
    protectedTables: plan.protectedTables,
    matrix: plan.matrix,
    steps: () => plan.steps,
  };
}
