import { DateTime } from 'luxon';
import { planFor } from '../../engine/preflight-run.ts';
import { readReceipts } from '../../journal/receipt.ts';
import { formatMs } from '../../runbook/duration.ts';
import { type Plan, planHash } from '../../runbook/plan.ts';
import { windowAt } from '../../runbook/window.ts';
import { type CommonOptions, loadRunbook } from '../environment.ts';
import { EXIT } from '../exit-codes.ts';
import { openStore } from '../open-store.ts';
import type { RegisterVerb } from '../verb.ts';

/** `roundtrip plan`: the timeline, the longest steps, the rollback deadline and what cannot be undone. */
export const registerPlan: RegisterVerb = (program, run) => {
  program
    .command('plan')
    .description(
      'show what a run would do, when, and until when it can still be rolled back inside the window',
    )
    .requiredOption('--target <name>')
    .action(
      run<CommonOptions & { target: string }>(async (environment, options) => {
        const plan = await planFor(await loadRunbook(environment, options), options.target);
        const store = await openStore(environment, options);
        const receipt = readReceipts(store.state).receipts.find(
          (candidate) => candidate.planHash === planHash(plan),
        );
        const summary = summarise(plan, environment.now(), receipt?.rollbackMs);
        const { stdout } = environment;
        if (options.json === true)
          stdout.write(`${JSON.stringify({ version: 1, type: 'verdict', exitCode: 0, plan, ...summary })}\n`);
        else stdout.write(renderPlan(plan, summary));
        return EXIT.success;
      }),
    );
};

/** What a plan means for one concrete night; instants are UTC ISO texts. */
export interface PlanSummary {
  readonly planHash: string;
  readonly windowStart: string;
  readonly windowEnd: string;
  /** Steps inside the window (all but the watch), planned one after the other. */
  readonly totalMs: number;
  readonly rollbackMs: number | null;
  /** Window end − rehearsed rollback − margin; null before a rehearsal. */
  readonly rollbackDeadline: string | null;
  readonly irreversible: readonly string[];
  readonly longest: readonly string[];
}

/** Pure: the clock and the rehearsed rollback time are arguments. */
export function summarise(plan: Plan, now: Date, rollbackMs: number | undefined): PlanSummary {
  const window = windowAt(plan.window, now.getTime());
  const night = plan.steps.filter((step) => step.phase === 'main' && step.kind !== 'watch');
  const iso = (ms: number): string => new Date(ms).toISOString();
  return {
    planHash: planHash(plan),
    windowStart: iso(window.startMs),
    windowEnd: iso(window.endMs),
    totalMs: night.reduce((sum, step) => sum + step.plannedMs, 0),
    rollbackMs: rollbackMs ?? null,
    rollbackDeadline:
      rollbackMs === undefined ? null : iso(window.endMs - rollbackMs - plan.rollbackMarginMs),
    irreversible: plan.steps.filter((step) => step.effect === 'point-of-no-return').map((step) => step.id),
    longest: [...night]
      .sort((a, b) => b.plannedMs - a.plannedMs)
      .slice(0, 3)
      .map((step) => step.id),
  };
}

function renderPlan(plan: Plan, summary: PlanSummary): string {
  const local = (iso: string): string =>
    DateTime.fromISO(iso, { zone: plan.window.zone }).toFormat('yyyy-LL-dd HH:mm');
  const lines = [
    `${plan.title} — target ${plan.target.name} — plan ${summary.planHash.slice(0, 12)}`,
    `window ${local(summary.windowStart)} – ${local(summary.windowEnd)} ${plan.window.zone}`,
    '',
  ];
  let clock = Date.parse(summary.windowStart);
  for (const step of plan.steps.filter(({ phase }) => phase === 'main')) {
    const time = DateTime.fromMillis(clock, { zone: plan.window.zone }).toFormat('HH:mm:ss');
    lines.push(
      `${time}  ${step.title.padEnd(50)} ${formatMs(step.plannedMs).padStart(8)}  ${step.owner.padEnd(8)} ${step.effect}`,
    );
    clock += step.plannedMs;
  }
  const deadline =
    summary.rollbackDeadline === null
      ? 'known after a rehearsal'
      : `${local(summary.rollbackDeadline)} (rollback rehearsed in ${formatMs(summary.rollbackMs ?? 0)})`;
  lines.push(
    '',
    `total ${formatMs(summary.totalMs)} without the watch; longest: ${summary.longest.join(', ')}`,
    `rollback deadline: ${deadline}`,
  );
  lines.push(
    `cannot be undone: ${summary.irreversible.join(', ') || 'nothing'}`,
    `protected: ${plan.protectedTables.join(', ')}`,
    '',
  );
  return lines.join('\n');
}
