import type { LockHolder } from '../../control/operator-lock.ts';
import type { RunState } from '../../journal/fold.ts';
import type { Receipt } from '../../journal/receipt.ts';
import { changesInAll, withChangesSoFar } from '../../report/table-changes.ts';
import { judgedTables } from '../../report/table-verdict.ts';
import { writersWaited } from '../../report/writers-waited.ts';
import type { Plan } from '../../runbook/plan.ts';
import type { DashboardView, WayBackView } from './dashboard-view.ts';
import { maintenanceOf, standingOf } from './run-phase.ts';
import { marksOf, timelineOf } from './timeline.ts';
import type { WatchView } from './watch-view.ts';
import { wayBackUnderWay } from './way-back-under-way.ts';

/** What a view is made from. `wayBack` is the last look at the databases, if they were looked at. */
export interface ViewSource {
  readonly plan: Plan;
  readonly state: RunState;
  readonly receipt: Receipt | undefined;
  readonly operating: LockHolder | undefined;
  readonly wayBack: WayBackView | undefined;
  readonly watch: WatchView | null;
  readonly nowMs: number;
}

const NOT_LOOKED_AT: WayBackView = {
  light: 'at-risk',
  reasons: ['the databases have not been looked at yet'],
  retainedBytes: null,
  capBytes: null,
  lagBytes: null,
  lookedAtMs: null,
};

/**
 * Everything the dashboard shows of a run at one moment. Pure: journal, plan and clock are arguments, and whoever has
 * the first two can make it again.
 *
 * @example makeView({ plan, state: foldJournal(records), receipt: undefined, operating: undefined, ... }).phase
 */
export function makeView(source: ViewSource): DashboardView {
  const { plan, state, receipt, operating, nowMs } = source;
  const { started } = state;
  const steps = timelineOf({ plan, state, receipt });
  const wayBack = wayBackUnderWay(plan, state) ?? source.wayBack ?? NOT_LOOKED_AT;
  const tables = withChangesSoFar(judgedTables(plan, state), wayBack.customers);
  return {
    format: 1,
    runId: started.runId,
    kind: started.kind,
    title: plan.title,
    runbook: plan.runbook,
    target: {
      name: plan.target.name,
      environment: plan.target.environment,
      database: `${plan.target.database.database} @ ${plan.target.database.host}:${plan.target.database.port}`,
      identity: started.identity,
    },
    operator: started.operator,
    toolVersion: started.toolVersion,
    planHash: started.planHash,
    releases: plan.releases === null ? null : { from: plan.releases.from, to: plan.releases.to },
    head: { n: state.head.n, hash: state.head.hash, atMs: Date.parse(state.head.at) },
    nowMs,
    startedMs: Date.parse(state.startedAt),
    endedMs: state.finishedAt === undefined ? null : Date.parse(state.finishedAt),
    ...standingOf(plan, state, operating !== undefined),
    verdict: state.verdict ?? null,
    operating:
      operating === undefined
        ? null
        : { operator: operating.operator, verb: operating.verb, since: operating.since },
    maintenance: maintenanceOf(plan, state),
    writersWaited: writersWaited(plan, state),
    ...marksOf({ plan, state, receipt, steps, nowMs }),
    overrides: state.overrides,
    wayBack,
    tables,
    changes: changesInAll(tables),
    steps,
    watch: source.watch,
  };
}
