import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { digestOf } from '../digest.ts';
import type { Plan } from '../runbook/plan.ts';
import { type RunState, stepState } from './fold.ts';
import type { StateFolder } from './run-directory.ts';
import { stepOfKind, type TableProof, tableProofs } from './table-proof.ts';

/** What a rehearsal leaves, and what `run` asks for. `hash` is of everything else. */
export interface Receipt {
  readonly format: 1;
  /** Hash of the production plan that was rehearsed. */
  readonly planHash: string;
  readonly runbook: string;
  readonly runId: string;
  readonly rehearsedOn: string;
  readonly finishedAt: string;
  readonly toolVersion: string;
  /** Milliseconds of each step's `do`, by id. */
  readonly durationsMs: Readonly<Record<string, number>>;
  /** From the decision to go back until the old release was proven to serve. */
  readonly rollbackMs: number;
  readonly dataBytes: number;
  /** Before, after the migration, after the rollback. Equal, or there is no receipt. */
  readonly protectedTables: readonly TableProof[];
  /** Hash of the last record of the rehearsal's journal. */
  readonly journalHead: string;
  readonly hash: string;
}

/** The receipt of a rehearsal that ended rolled back with nothing failed; pure. */
export function makeReceipt(plan: Plan, state: RunState): Receipt {
  const durationsMs = Object.fromEntries(
    plan.steps.map((step) => [step.id, stepState(state, step.id).do.durationMs]),
  );
  const backup = stepOfKind(plan, 'backup') ?? stepOfKind(plan, 'copy-beside');
  const unhashed = {
    format: 1 as const,
    planHash: state.started.rehearses ?? '',
    runbook: plan.runbook,
    runId: state.started.runId,
    rehearsedOn: plan.target.name,
    finishedAt: state.finishedAt ?? state.head.at,
    toolVersion: state.started.toolVersion,
    durationsMs,
    rollbackMs: rollbackMs(plan, state),
    dataBytes: Number((backup === undefined ? {} : stepState(state, backup.id).do.evidence).bytes ?? 0),
    protectedTables: tableProofs(plan, state),
    journalHead: state.head.hash,
  };
  const plain = JSON.parse(JSON.stringify(unhashed)) as Omit<Receipt, 'hash'>;
  return { ...plain, hash: digestOf(plain) };
}

/**
 * Milliseconds from the decision to go back until the last after-rollback step had passed. Never less than the steps took, which
 * are timed without the clock: where it was set back meanwhile, the rollback deadline would else come after the end of the window.
 */
export function rollbackMs(plan: Plan, state: RunState): number {
  if (state.rollback === undefined) return 0;
  const acts = plan.steps
    .filter(({ phase }) => phase === 'main' || phase === 'after-rollback')
    .flatMap((step) => {
      const { undo, do: done } = stepState(state, step.id);
      return step.phase === 'after-rollback' ? [undo, done] : [undo];
    })
    .filter(({ endedAt }) => endedAt !== undefined);
  const last = acts
    .map(({ endedAt }) => endedAt ?? '')
    .sort()
    .at(-1);
  if (last === undefined) return 0;
  const tookMs = acts.reduce((sum, { durationMs }) => sum + durationMs, 0);
  return Math.max(Date.parse(last) - Date.parse(state.rollback.at), tookMs);
}

/** Writes a receipt beside the others. Returns its file. */
export function saveReceipt(state: StateFolder, receipt: Receipt): string {
  const file = path.join(state.root, 'receipts', `${receipt.planHash.slice(0, 12)}-${receipt.runId}.json`);
  writeFileSync(`${file}.new`, `${JSON.stringify(receipt, null, 2)}\n`, { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
  return file;
}

/** All receipts whose hash holds, newest first; `spoiled` names the files that were changed. */
export function readReceipts(state: StateFolder): {
  readonly receipts: readonly Receipt[];
  readonly spoiled: readonly string[];
} {
  const folder = path.join(state.root, 'receipts');
  const receipts: Receipt[] = [];
  const spoiled: string[] = [];
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.json'))) {
    const receipt = parseReceipt(readFileSync(path.join(folder, name), 'utf8'));
    if (receipt === undefined) spoiled.push(name);
    else receipts.push(receipt);
  }
  return { receipts: receipts.sort((a, b) => b.finishedAt.localeCompare(a.finishedAt)), spoiled };
}

function parseReceipt(text: string): Receipt | undefined {
  try {
    const receipt = JSON.parse(text) as Receipt;
    const { hash, ...unhashed } = receipt;
    return hash === digestOf(unhashed) ? receipt : undefined;
  } catch {
    return undefined; // Not JSON: reported as spoiled by the caller.
  }
}
