import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { Refused } from '../errors.ts';
import { unwritable } from '../journal/journal-file.ts';
import type { StateFolder } from '../journal/run-directory.ts';
import { startTicksOf } from '../process/process-group.ts';

/** Who holds the lock: enough to find the person and to see whether the process is still there. */
export interface LockHolder {
  readonly operator: string;
  readonly host: string;
  readonly pid: number;
  /** Start time of the process in kernel ticks, so that a reused pid is not taken for the holder. */
  readonly startTicks: string;
  readonly verb: string;
  readonly since: string;
}

/**
 * Takes the operator's lock: one process at a time acts on a state folder. The lock of a process that is gone
 * (same host, no such process) is taken over; that of another host is not, since nothing here can tell.
 *
 * @throws Refused `locked`, naming the holder; Failed `journal-unwritable` when the disk refuses.
 */
export function takeOperatorLock(
  state: StateFolder,
  options: { readonly operator: string; readonly verb: string; readonly now: Date },
): () => void {
  const file = lockFile(state);
  const holder = ownHolder(options);
  for (let attempt = 1; attempt <= 2; attempt += 1) {
    if (createExclusively(file, holder)) return () => releaseLock(file, holder);
    const current = readLock(state);
    if (current !== undefined && isAlive(current)) throw lockedBy('the state folder', current);
    rmSync(file, { force: true });
  }
  throw lockedBy('the state folder', readLock(state));
}

/** This process as a holder. */
export function ownHolder(options: {
  readonly operator: string;
  readonly verb: string;
  readonly now: Date;
}): LockHolder {
  return {
    operator: options.operator,
    host: hostname(),
    pid: process.pid,
    startTicks: startTicksOf(process.pid) ?? '',
    verb: options.verb,
    since: options.now.toISOString(),
  };
}

/** The present holder, if any, whether or not its process still exists. */
export function readLock(state: StateFolder): LockHolder | undefined {
  const file = lockFile(state);
  if (!existsSync(file)) return undefined;
  return JSON.parse(readFileSync(file, 'utf8')) as LockHolder;
}

/** Whether the holder may still be acting. Of another host it must be assumed. */
export function isAlive(holder: LockHolder): boolean {
  return holder.host !== hostname() || startTicksOf(holder.pid) === holder.startTicks;
}

/** Removes the lock whoever holds it: `roundtrip unlock`, after a human made sure. */
export function breakLock(state: StateFolder): void {
  rmSync(lockFile(state), { force: true });
}

function lockFile(state: StateFolder): string {
  return path.join(state.root, 'lock');
}

/** Written whole beside it and then linked, which only one can do: a full disk or a kill leaves no lock that nobody can read. */
function createExclusively(file: string, holder: LockHolder): boolean {
  const own = `${file}.${holder.pid}`;
  try {
    writeFileSync(own, JSON.stringify(holder), { mode: 0o600 });
    linkSync(own, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw unwritable(own, error);
  } finally {
    rmSync(own, { force: true });
  }
}

function releaseLock(file: string, holder: LockHolder): void {
  if (!existsSync(file)) return;
  const current = JSON.parse(readFileSync(file, 'utf8')) as LockHolder;
  if (current.pid === holder.pid && current.startTicks === holder.startTicks) rmSync(file, { force: true });
}

/** A holder in words: who, where, since when. */
export function toldHolder(holder: LockHolder | undefined): string {
  if (holder === undefined) return 'someone';
  return `${holder.operator} on ${holder.host} (pid ${holder.pid}, ${holder.verb}, since ${holder.since})`;
}

/** The refusal of whoever comes second, with what they can do. */
export function lockedBy(place: string, holder: LockHolder | undefined): Refused {
  return new Refused({
    code: 'locked',
    seen: `${place} is locked by ${toldHolder(holder)}`,
    expected: 'one operator at a time',
    next:
      holder === undefined
        ? 'wait for that command, or make sure that it is gone and run `roundtrip unlock`'
        : `wait for that command, or end it: Ctrl-C in its terminal, or kill -INT ${holder.pid} on ${holder.host} (what it did and watched stays, and the run can be resumed or rolled back); if it is gone for certain, \`roundtrip unlock\``,
    fields: { holder },
  });
}
