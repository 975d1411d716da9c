import { readdirSync, readFileSync } from 'node:fs';

/** What /proc says of a process; undefined when there is none. */
interface ProcessStat {
  /** "Z" for one that has ended and was not waited for: it does nothing any more. */
  readonly state: string;
  readonly group: number;
  /** Start time in clock ticks since boot: tells a process from a later one with its pid. */
  readonly startTicks: string;
}

function statOf(pid: number | string): ProcessStat | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold anything; the fields after it are fixed (proc(5)).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', group: Number(fields[2]), startTicks: fields[19] ?? '' };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}

/** A process's start time; undefined when there is no such process, or only its remains. */
export function startTicksOf(pid: number): string | undefined {
  const stat = statOf(pid);
  return stat === undefined || stat.state === 'Z' ? undefined : stat.startTicks;
}

/** Processes of a group that are still at work, the leader included. */
export function groupMembers(group: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      const stat = statOf(pid);
      return stat !== undefined && stat.group === group && stat.state !== 'Z';
    })
    .map(Number);
}

/** Sends a signal to a process group; a group that is gone is fine. */
export function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
