import type { JsonObject } from '../json.ts';

/** One preflight check that a runbook asks for, as plain data: part of the plan and of its hash. */
export interface CheckSpec {
  readonly kind: string;
  /** What it is called in findings: "1C exchange". */
  readonly name: string;
  /** Runs before which it is made. */
  readonly before: readonly ('live' | 'rehearsal')[];
  readonly args: JsonObject;
}

/** What every builder of a check accepts beside its own arguments. */
export interface CheckCommon {
  readonly name?: string | undefined;
  /** Default: before live runs and rehearsals. */
  readonly before?: readonly ('live' | 'rehearsal')[] | undefined;
}

/** Fills in a check's common parts. Used by the builders in `checks/`, one file a kind. */
export function checkSpec(options: {
  readonly kind: string;
  readonly defaultName: string;
  readonly common: CheckCommon;
  readonly args: JsonObject;
}): CheckSpec {
  const { kind, defaultName, common, args } = options;
  return { kind, name: common.name ?? defaultName, before: common.before ?? ['live', 'rehearsal'], args };
}
