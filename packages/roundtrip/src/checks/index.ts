import { asRoundtripError } from '../errors.ts';
import { lostSession } from '../postgres/lost-session.ts';
import type { StepContext, StepKinds } from '../steps/step-kind.ts';
import { alertChannels } from './alert-channels.ts';
import type { Check, CheckContext, Finding, PreflightContext } from './check.ts';
import { clientPrograms } from './client-programs.ts';
import { clock } from './clock.ts';
import { collationVersions } from './collation-versions.ts';
import { controlStoreApart } from './control-store-apart.ts';
import { diskSpace } from './disk-space.ts';
import { extensions } from './extensions.ts';
import { insideWindow } from './inside-window.ts';
import { listedCheck } from './listed-check.ts';
import { longTransactions } from './long-transactions.ts';
import { nextRelease } from './next-release.ts';
import { pendingRestart } from './pending-restart.ts';
import { preparedTransactions } from './prepared-transactions.ts';
import { presentRelease } from './present-release.ts';
import { privileges } from './privileges.ts';
import { protectedTables } from './protected-tables.ts';
import { receiptFresh } from './receipt-fresh.ts';
import { replicationSlots } from './replication-slots.ts';
import { returnStreamReady } from './return-stream-ready.ts';
import { serverDisk } from './server-disk.ts';
import { sharedSession } from './shared-session.ts';
import { subscriptions } from './subscriptions.ts';
import { targetIdentity } from './target-identity.ts';
import { wayBackAffordable } from './way-back-affordable.ts';

const CHECKS: readonly Check[] = [
  targetIdentity,
  controlStoreApart,
  clientPrograms,
  clock,
  protectedTables,
  privileges,
  extensions,
  collationVersions,
  pendingRestart,
  longTransactions,
  preparedTransactions,
  replicationSlots,
  subscriptions,
  returnStreamReady,
  presentRelease,
  nextRelease,
  diskSpace,
  serverDisk,
  wayBackAffordable,
  receiptFresh,
  insideWindow,
  alertChannels,
];

/** A finding with the name of the check or step that reported it. */
export type NamedFinding = Finding & { readonly check: string };

/**
 * Runs every check that applies and every step's own check, and returns all findings together: whoever must cure
 * them wants the whole list at once. A check that cannot look is itself a refusal, never a pass.
 */
export async function preflight(
  context: PreflightContext,
  kinds: StepKinds,
): Promise<readonly NamedFinding[]> {
  const shared = sharedSession(context);
  try {
    return withoutEchoes([
      ...(await runChecks({ ...context, session: shared.session })),
      ...(await runStepChecks(context, kinds)),
    ]);
  } finally {
    await shared.end();
  }
}

async function runChecks(context: CheckContext): Promise<NamedFinding[]> {
  const found: NamedFinding[] = [];
  for (const check of [...CHECKS, ...(context.plan.checks ?? []).map(listedCheck)]) {
    if (!check.appliesTo.includes(context.runKind)) continue;
    found.push(...(await guarded(check.name, () => check.run(context))));
  }
  return found;
}

async function runStepChecks(context: PreflightContext, kinds: StepKinds): Promise<NamedFinding[]> {
  const found: NamedFinding[] = [];
  for (const step of context.plan.steps) {
    if (step.phase !== 'main' && step.phase !== 'prelude') continue;
    const kind = kinds.get(step.kind);
    if (kind?.check === undefined) continue;
    const stepContext = lookingContext(context, step);
    found.push(...(await guarded(step.id, async () => (await kind.check?.(stepContext, step.args)) ?? [])));
  }
  return found;
}

/** What several checks met alike, a server that does not answer for example, is told once. */
function withoutEchoes(findings: readonly NamedFinding[]): readonly NamedFinding[] {
  const told = new Set<string>();
  return findings.filter(({ code, seen }) => {
    const fact = `${code}\n${seen}`;
    if (told.has(fact)) return false;
    told.add(fact);
    return true;
  });
}

async function guarded(name: string, run: () => Promise<readonly Finding[]>): Promise<NamedFinding[]> {
  try {
    return (await run()).map((finding) => ({ ...finding, check: name }));
  } catch (thrown) {
    const error = asRoundtripError(lostSession(thrown) ?? thrown);
    return [
      {
        check: name,
        code: error.code,
        severity: 'refusal',
        seen: error.seen,
        expected: error.expected,
        cure: error.next,
      },
    ];
  }
}

/** A step's check runs before there is a run: nothing to note, no evidence. */
function lookingContext(context: PreflightContext, step: StepContext['step']): StepContext {
  return {
    plan: context.plan,
    step,
    runId: 'check',
    runKind: context.runKind,
    runDirectory: context.stateFolder,
    signal: context.signal,
    timeoutMs: 60_000,
    evidenceOf: () => ({}),
    evidenceOfKind: () => ({}),
    undoEvidenceOfKind: () => ({}),
    marks: {},
    marksOfDo: {},
    mark: () => undefined,
    log: () => undefined,
    now: () => context.now,
  };
}
