import { asRoundtripError } from '../errors.ts';
import type { StepContext, StepKinds } from '../steps/step-kind.ts';
import { alertChannels } from './alert-channels.ts';
import type { Check, CheckContext, Finding } from './check.ts';
import { clientPrograms } from './client-programs.ts';
import { diskSpace } from './disk-space.ts';
import { insideWindow } from './inside-window.ts';
import { presentRelease } from './present-release.ts';
import { protectedTables } from './protected-tables.ts';
import { receiptFresh } from './receipt-fresh.ts';
import { targetIdentity } from './target-identity.ts';

const CHECKS: readonly Check[] = [
  targetIdentity,
  clientPrograms,
  protectedTables,
  presentRelease,
  diskSpace,
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
export async function preflight(context: CheckContext, kinds: StepKinds): Promise<readonly NamedFinding[]> {
  const found: NamedFinding[] = [];
  for (const check of CHECKS) {
    if (!check.appliesTo.includes(context.runKind)) continue;
    found.push(...(await guarded(check.name, () => check.run(context))));
  }
  for (const step of context.plan.steps) {
    if (step.phase !== 'main' && step.phase !== 'prelude') continue;
    const kind = kinds.get(step.kind);
    if (kind?.check === undefined) continue;
    const stepContext = lookingContext(context, step);
    found.push(...(await guarded(step.id, async () => (await kind.check?.(stepContext, step.args)) ?? [])));
  }
  return found;
}

async function guarded(name: string, run: () => Promise<readonly Finding[]>): Promise<NamedFinding[]> {
  try {
    return (await run()).map((finding) => ({ ...finding, check: name }));
  } catch (thrown) {
    const error = asRoundtripError(thrown);
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
function lookingContext(context: CheckContext, step: StepContext['step']): StepContext {
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
