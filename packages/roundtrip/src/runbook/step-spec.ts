import type { JsonObject } from '../json.ts';
import { type Duration, durationMs } from './duration.ts';

/**
 * What a step can do to the target, which decides what a failure means:
 * - `none`: it only looks; failing leaves nothing to undo.
 * - `reversible`: `undo` brings back what was there.
 * - `undone-by-way-back`: changes data; only the switch to the return database undoes it.
 * - `point-of-no-return`: nothing undoes it; it needs an approval of its own.
 */
export type StepEffect = 'none' | 'reversible' | 'undone-by-way-back' | 'point-of-no-return';

/** Where a step stands in a run: rollback undoes `main` steps only. */
export type StepPhase = 'prelude' | 'main' | 'after-rollback' | 'epilogue';

/** One step as plain data, part of the plan and of its hash. */
export interface StepSpec {
  readonly id: string;
  readonly kind: string;
  readonly title: string;
  readonly owner: string;
  readonly plannedMs: number;
  /** A deadline on the whole step; the child of a timed-out step is killed with its process group. */
  readonly timeoutMs: number;
  readonly effect: StepEffect;
  readonly phase: StepPhase;
  readonly args: JsonObject;
}

/** What every step builder accepts beside its own arguments. */
export interface StepCommon {
  readonly id?: string | undefined;
  readonly title?: string | undefined;
  /** Who answers for it at 02:00. Default "DevOps". */
  readonly owner?: string | undefined;
  /** Planned duration, shown in the timeline; default "1min". */
  readonly planned?: Duration | undefined;
  /** Default: ten times the planned duration, at least five minutes. */
  readonly timeout?: Duration | undefined;
}

const TIMEOUT_FACTOR = 10;
const TIMEOUT_MS_MIN = 300_000;

/** Fills in a step's common parts. Used by the builders in `steps/`, one file a kind. */
export function stepSpec(options: {
  readonly kind: string;
  readonly defaultId: string;
  readonly defaultTitle: string;
  readonly effect: StepEffect;
  readonly common: StepCommon;
  readonly args: JsonObject;
}): StepSpec {
  const { common } = options;
  const plannedMs = durationMs(common.planned ?? '1min');
  return {
    id: common.id ?? options.defaultId,
    kind: options.kind,
    title: common.title ?? options.defaultTitle,
    owner: common.owner ?? 'DevOps',
    plannedMs,
    timeoutMs: common.timeout
      ? durationMs(common.timeout)
      : Math.max(TIMEOUT_MS_MIN, plannedMs * TIMEOUT_FACTOR),
    effect: options.effect,
    phase: 'main',
    args: options.args,
  };
}
