import { digestOf } from '../digest.ts';
import { Refused, RoundtripError } from '../errors.ts';
import type { MatrixRow } from '../watch/matrix.ts';
import type { CheckSpec } from './check-spec.ts';
import { durationMs } from './duration.ts';
import type { MaintenanceWindow, Runbook } from './runbook.ts';
import type { StepPhase, StepSpec } from './step-spec.ts';
import type { Target } from './target.ts';

/** Bumped when the meaning of a plan changes, so that an old receipt cannot vouch for a new meaning. */
const PLAN_FORMAT = 1;

/** A runbook resolved against one target: frozen plain data, identified by its hash. */
export interface Plan {
  readonly format: number;
  readonly runbook: string;
  readonly title: string;
  readonly target: Target;
  readonly releases: {
    readonly from: string;
    readonly to: string;
    readonly fromCommit: string;
    readonly toCommit: string;
  } | null;
  readonly window: MaintenanceWindow;
  readonly protectedTables: readonly string[];
  readonly steps: readonly StepSpec[];
  /** The runbook's own preflight checks; absent where it has none. */
  readonly checks?: readonly CheckSpec[] | undefined;
  readonly matrix: readonly MatrixRow[];
  readonly receiptMaxAgeMs: number;
  readonly rollbackMarginMs: number;
}

/** Release tags with the commits they pointed at when the plan was made. */
export type PinnedReleases = NonNullable<Plan['releases']>;

/**
 * Resolves a runbook against a target. Pure: the same runbook, target and pinned commits give the same hash.
 *
 * @throws Refused `unknown-target`, `runbook-throws`, `duplicate-step`, `unordered-way-back`.
 */
export function resolvePlan(options: {
  readonly runbook: Runbook;
  readonly target: string;
  readonly releases: PinnedReleases | null;
}): Plan {
  const { runbook, releases } = options;
  const target = requireTarget(runbook, options.target);
  const steps = [...stepsOf(runbook, target), ...afterRollbackOf(runbook, target)];
  return freezePlan(runbook, target, releases, steps);
}

/**
 * The plan of a rehearsal: the production plan's steps resolved against its staging target, after a prelude that
 * makes the staging copy, and before an epilogue that puts staging to rest.
 *
 * @throws Refused `no-staging-target`, `rehearsal-differs` when the two targets would not run the same steps.
 */
export function resolveRehearsal(options: {
  readonly runbook: Runbook;
  readonly target: string;
  readonly releases: PinnedReleases | null;
  readonly copyStep: StepSpec;
}): Plan {
  const { runbook, releases } = options;
  const production = requireTarget(runbook, options.target);
  const staging = production.staging === undefined ? undefined : runbook.targets[production.staging];
  if (staging === undefined) {
    throw new Refused({
      code: 'no-staging-target',
      seen: `target "${production.name}" names no staging target`,
      expected: 'a target with environment "staging" to rehearse on',
      next: `add "staging" to target "${production.name}"`,
    });
  }
  const rehearsed = stepsOf(runbook, staging);
  requireSameShape(stepsOf(runbook, production), rehearsed);
  const given = asked(runbook, staging, () => ({
    prelude: runbook.stagingPrelude?.(staging) ?? [],
    epilogue: runbook.stagingEpilogue?.(staging),
  }));
  const steps = [
    ...inPhase('prelude', [options.copyStep, ...given.prelude]),
    ...rehearsed,
    ...afterRollbackOf(runbook, staging),
    ...inPhase('epilogue', given.epilogue),
  ];
  return freezePlan(runbook, staging, releases, steps);
}

/**
 * The steps that a runbook gives for a target.
 *
 * @throws Refused `runbook-throws`.
 */
export function stepsOf(runbook: Runbook, target: Target): readonly StepSpec[] {
  const steps: unknown = asked(runbook, target, () => runbook.steps(target));
  if (Array.isArray(steps) && steps.every(isStep)) return steps;
  throw throwing(runbook, target, 'what it gives is no list of steps');
}

function isStep(step: unknown): step is StepSpec {
  return typeof step === 'object' && step !== null && 'kind' in step && 'id' in step;
}

function afterRollbackOf(runbook: Runbook, target: Target): StepSpec[] {
  return inPhase(
    'after-rollback',
    asked(runbook, target, () => runbook.afterRollback?.(target)),
  );
}

/** A runbook is its author's code: what it throws is mostly a setting that the target lacks, and no fault of ours. */
function asked<T>(runbook: Runbook, target: Target, ask: () => T): T {
  try {
    return ask();
  } catch (cause) {
    if (cause instanceof RoundtripError) throw cause;
    throw throwing(
      runbook,
      target,
      `${cause instanceof Error ? cause.message : String(cause)}${placeOf(cause)}`,
      cause,
    );
  }
}

function throwing(runbook: Runbook, target: Target, why: string, cause?: unknown): Refused {
  return new Refused({
    code: 'runbook-throws',
    seen: `runbook "${runbook.name}", asked for target "${target.name}": ${why}`,
    expected: 'its steps and checks',
    next: 'correct what it names, in the targets file or in the runbook',
    cause,
  });
}

/** Where it was thrown: " (file:///srv/runbook.ts:12:5)". */
function placeOf(cause: unknown): string {
  const [place] = (cause instanceof Error ? (cause.stack ?? '') : '').match(/file:\/\/[^\s)]+/) ?? [];
  return place === undefined ? '' : ` (${place})`;
}

/** The hash that receipts, journals and approvals are bound to. */
export function planHash(plan: Plan): string {
  return digestOf(plan);
}

function freezePlan(
  runbook: Runbook,
  target: Target,
  releases: PinnedReleases | null,
  steps: readonly StepSpec[],
): Plan {
  requireDistinctIds(steps);
  requireWayBackFirst(steps);
  const plan: Plan = {
    format: PLAN_FORMAT,
    runbook: runbook.name,
    title: runbook.title,
    target,
    releases,
    window: runbook.window,
    protectedTables: runbook.protectedTables,
    steps,
    checks: asked(runbook, target, () => runbook.checks?.(target)),
    matrix: runbook.matrix,
    receiptMaxAgeMs: durationMs(runbook.receiptMaxAge ?? '7d'),
    rollbackMarginMs: durationMs(runbook.rollbackMargin ?? '10min'),
  };
  // Through JSON once: what is hashed is exactly what is written to disk, without members that are undefined.
  return deepFreeze(JSON.parse(JSON.stringify(plan)) as Plan);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFreeze(member);
  }
  return value;
}

function inPhase(phase: StepPhase, steps: readonly StepSpec[] = []): StepSpec[] {
  return steps.map((step) => ({ ...step, phase }));
}

/**
 * The target of that name.
 *
 * @throws Refused `unknown-target`, naming those there are.
 */
export function requireTarget(runbook: Runbook, name: string): Target {
  const target = runbook.targets[name];
  if (target !== undefined) return target;
  throw new Refused({
    code: 'unknown-target',
    seen: `no target "${name}" in runbook "${runbook.name}"`,
    expected: `one of: ${Object.keys(runbook.targets).join(', ')}`,
    next: 'name one of these with --target',
  });
}

function requireDistinctIds(steps: readonly StepSpec[]): void {
  const seen = new Set<string>();
  for (const { id } of steps) {
    if (seen.has(id)) {
      throw new Refused({
        code: 'duplicate-step',
        seen: `two steps with the id "${id}"`,
        expected: 'an id of its own for every step, since the journal refers to steps by it',
        next: 'give one of them another `id`',
      });
    }
    seen.add(id);
  }
}

/**
 * A step that only the way back undoes, before there is a way back, would leave a failure without a rollback: the live
 * database may be changed after `wayBack` or `switchOver`, its copy between `copyBeside` and `switchOver`.
 */
function requireWayBackFirst(steps: readonly StepSpec[]): void {
  const at = (kind: string): number => {
    const index = steps.findIndex((step) => step.kind === kind);
    return index === -1 ? Number.POSITIVE_INFINITY : index;
  };
  const [wayBack, copied, switched] = [at('way-back'), at('copy-beside'), at('switch-over')];
  for (const [index, step] of steps.entries()) {
    const onCopy = step.args.on === 'copy';
    if (onCopy ? index > copied && index < switched : step.effect !== 'undone-by-way-back') continue;
    if (!onCopy && (index > wayBack || index > switched)) continue;
    throw new Refused({
      code: 'unordered-way-back',
      seen: onCopy
        ? `step "${step.id}" works on a copy, and does not stand between copyBeside and switchOver`
        : `step "${step.id}" changes data ${wayBack === Number.POSITIVE_INFINITY ? 'and there is no way-back step' : 'before the way-back step'}`,
      expected:
        "backup() and wayBack() before the first step that changes data; or, side by side, copyBeside() and switchOver() around those with `on: 'copy'`",
      next: 'put wayBack() or copyBeside() earlier in the runbook',
    });
  }
}

function requireSameShape(production: readonly StepSpec[], staging: readonly StepSpec[]): void {
  const shape = (steps: readonly StepSpec[]) =>
    steps.map((step) => `${step.id}:${step.kind}:${step.effect}`).join('\n');
  if (shape(production) === shape(staging)) return;
  throw new Refused({
    code: 'rehearsal-differs',
    seen: 'the staging target gives other steps than the production target',
    expected: 'the same steps in the same order, so that the rehearsal rehearses the real thing',
    next: 'let the runbook differ by target only in arguments',
  });
}
