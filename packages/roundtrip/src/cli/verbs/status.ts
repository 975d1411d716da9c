import { decide } from '../../engine/decide.ts';
import { rollbackDeadlineMs } from '../../engine/overrun-guard.ts';
import { type WayBackLight, wayBackLight } from '../../engine/way-back-light.ts';
import { type RunState, stepState } from '../../journal/fold.ts';
import { readReceipts } from '../../journal/receipt.ts';
import { changesOfAllText, changesText } from '../../report/changes-text.ts';
import { withChangesSoFar } from '../../report/table-changes.ts';
import { type JudgedTable, judgedTables } from '../../report/table-verdict.ts';
import { formatMs } from '../../runbook/duration.ts';
import { databaseKept } from '../database-kept.ts';

import { EXIT } from '../exit-codes.ts';
import { failedStep } from '../failed-step.ts';
import { nextMove } from '../next-move.ts';
import { openStore } from '../open-store.ts';
import { productionState } from '../production-state.ts';
import { type RegisterVerb, type RunOptions, requireRun } from '../verb.ts';

/** `roundtrip status`: where production is, what the run waits for, who operates. */
export const registerStatus: RegisterVerb = (program, run) => {
  program
    .command('status')
    .description('where production is, which step a run stands at, what it waits for, who operates')
    .option('--run <id>')
    .option('--target <name>')
    .action(
      run<RunOptions>(async (environment, options) => {
        const store = await openStore(environment, options);
        const { runId, plan, state } = requireRun(store.state, options);
        const decision = decide(plan, state);
        const lock = await store.holder();
        const operating = lock?.isAlive === true ? lock.holder : null;
        const receipt = readReceipts(store.state).receipts.find(
          (candidate) => candidate.planHash === state.started.planHash,
        );
        const wayBack =
          state.started.kind === 'live' ? await wayBackLight(plan, state, receipt?.rollbackMs) : null;
        const deadlineMs =
          state.verdict === undefined && state.direction === 'forward'
            ? rollbackDeadlineMs(plan, state, receipt)
            : undefined;
        const tables = withChangesSoFar(judgedTables(plan, state), wayBack?.customers);
        const { stdout } = environment;
        if (options.json === true) {
          stdout.write(
            `${JSON.stringify({ version: 1, type: 'verdict', exitCode: 0, runId, production: productionState(state), next: decision, operating, wayBack, rollbackDeadline: deadlineMs === undefined ? null : new Date(deadlineMs).toISOString(), protectedTables: tables, state })}\n`,
          );
          return EXIT.success;
        }
        stdout.write(
          `${runId}\n${productionState(state)}\n${failedStep(plan, state)}${databaseKept(state)}${nextMove(runId, decision, operating !== null)}\n`,
        );
        stdout.write(describeDeadline(deadlineMs, environment.now().getTime()));
        if (wayBack !== null) stdout.write(describeWayBack(wayBack));
        stdout.write(describeChanges(tables));
        stdout.write(describeAlerts(state.alerts));
        if (operating !== null)
          stdout.write(`operating now: ${operating.operator} (pid ${operating.pid}, ${operating.verb})\n`);
        for (const step of plan.steps) {
          const { do: done, undo } = stepState(state, step.id);
          const back = undo.phase === 'pending' ? '' : `  undo ${undo.phase}`;
          stdout.write(
            `  ${done.phase.padEnd(9)} ${step.title.padEnd(50)} ${formatMs(done.durationMs).padStart(9)}${back}\n`,
          );
        }
        return EXIT.success;
      }),
    );
};

/** Until when going back ends inside the window; after that, going on and going back are both a decision. */
function describeDeadline(deadlineMs: number | undefined, nowMs: number): string {
  if (deadlineMs === undefined) return '';
  const at = new Date(deadlineMs).toISOString();
  return nowMs > deadlineMs
    ? `THE ROLLBACK DEADLINE PASSED at ${at}, ${formatMs(nowMs - deadlineMs)} ago: a rollback would end after the window\n`
    : `rollback deadline: ${at}, in ${formatMs(deadlineMs - nowMs)}\n`;
}

/** What everybody asks first: did the migration touch them, and did customers go on? */
function describeChanges(tables: readonly JudgedTable[]): string {
  if (tables.length === 0) return '';
  const width = Math.max(...tables.map(({ table }) => table.length));
  const lines = tables.map((table) => `  ${table.table.padEnd(width)}  ${changesText(table)}\n`);
  return `protected tables: ${changesOfAllText(tables)}\n${lines.join('')}`;
}

/** Who was not told: somebody may still sleep who should not. */
function describeAlerts({ undelivered }: RunState['alerts']): string {
  return undelivered
    .map(({ event, channel, at, seen }) => `NOT TOLD: ${event} (${at}) to ${channel}: ${seen}\n`)
    .join('');
}

function describeWayBack({
  light,
  reasons,
  retainedBytes,
  capBytes,
  lagBytes,
  rollbackMs,
}: WayBackLight): string {
  const megabytes = (bytes: number | null): string =>
    bytes === null ? '–' : `${(bytes / 1e6).toFixed(1)} MB`;
  const why = reasons.map((reason) => `  ${reason}\n`).join('');
  const estimate = rollbackMs === null ? 'not rehearsed' : formatMs(rollbackMs);
  return `way back: ${light.toUpperCase()}\n${why}  WAL kept ${megabytes(retainedBytes)} of ${megabytes(capBytes)}, behind by ${megabytes(lagBytes)}; a rollback takes ${estimate}\n`;
}
