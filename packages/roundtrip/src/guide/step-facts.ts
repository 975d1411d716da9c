import path from 'node:path';
import { type Json, type JsonObject, valueAt } from '../json.ts';
import type { Plan } from '../runbook/plan.ts';
import type { StepEffect, StepSpec } from '../runbook/step-spec.ts';

/** What a sentence about a step may need, read from its plain arguments; empty where the kind has no such thing. */
export interface StepFacts {
  readonly kind: string;
  readonly effect: StepEffect;
  /** Whether it works on the copy that is made beside production. */
  readonly onCopy: boolean;
  /** Whether no step before it has changed anything. */
  readonly untouched: boolean;
  readonly question: string;
  readonly text: string;
  /** The command without the folders of a machine: "node freesport.ts migrate --json". */
  readonly command: string;
  readonly undoCommand: string;
  /** Tables that it carries, keeps in step, or proves. */
  readonly tables: readonly string[];
  readonly deletes: readonly string[];
  readonly protectedTables: readonly string[];
  readonly tag: string;
  readonly beside: boolean;
  /** "on", "off", "running", "stopped". */
  readonly state: string;
  readonly services: readonly string[];
  readonly probes: readonly string[];
  readonly expectations: readonly string[];
  readonly lastsMs: number;
  readonly fenceMs: number;
  /** Tables that the reverse mapping writes to. */
  readonly mapped: readonly string[];
  /** Where the backup is copied to; empty where it stays. */
  readonly copyTo: string;
  readonly smokeTested: boolean;
  /** Whether something makes clients wait instead of turning them away. */
  readonly traffic: boolean;
  readonly comparesBehindFence: boolean;
}

/**
 * Reads what the words of a guide are made of. Pure.
 *
 * @example stepFacts(plan, step).deletes // ['product_variants', 'products']
 */
export function stepFacts(plan: Plan, step: StepSpec): StepFacts {
  const { args } = step;
  const text = (name: string): string => (typeof args[name] === 'string' ? args[name] : '');
  const number = (name: string): number => (typeof args[name] === 'number' ? args[name] : 0);
  const before = plan.steps.slice(0, plan.steps.indexOf(step));
  const proved = step.kind === 'prove-tables' && args.tables === 'protected';
  return {
    kind: step.kind,
    effect: step.effect,
    onCopy: args.on === 'copy',
    untouched: before.every(({ effect }) => effect === 'none'),
    question: text('question'),
    text: text('text'),
    command: commandText(args.argv),
    undoCommand: commandText(args.undo),
    tables: proved ? plan.protectedTables : texts(args.tables),
    deletes: texts(args.deletes),
    protectedTables: plan.protectedTables,
    tag: text('tag'),
    beside: args.link === 'next',
    state: text('state'),
    services: objects(args.services).map(({ name, program, unit }) => String(name ?? program ?? unit)),
    probes: objects(args.probes).map(({ name }) => String(name)),
    expectations: objects(args.expectations).map(({ name }) => String(name)),
    lastsMs: step.kind === 'watch' ? Number(valueAt(args, 'watch.durationMs') ?? 0) : number('durationMs'),
    fenceMs: number('fenceMs'),
    mapped: [...new Set(objects(args.mapping).map(({ table }) => String(table)))],
    copyTo: String(valueAt(args, 'copy.to') ?? ''),
    smokeTested: args.smokeTest !== undefined,
    traffic: args.traffic !== undefined,
    comparesBehindFence: args.compareBehindFence === true,
  };
}

/** Folders differ from machine to machine and say nothing here; what is run and with which flags does. */
function commandText(argv: Json | undefined): string {
  return texts(argv)
    .map((part) => (path.isAbsolute(part) ? path.basename(part) : part))
    .join(' ');
}

function texts(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

function objects(value: Json | undefined): JsonObject[] {
  return Array.isArray(value)
    ? value.filter((each): each is JsonObject => typeof each === 'object' && each !== null)
    : [];
}
