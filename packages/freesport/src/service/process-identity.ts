import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * When a process was started, as an opaque text that differs for another process with the same pid; undefined where
 * there is none (a zombie counts as none). Linux: field 22 of /proc/PID/stat (proc(5)); elsewhere `ps -o lstart`.
 *
 * @example
 * if (processStart(record.pid) === record.startedAs) process.kill(record.pid, 'SIGTERM');
 */
export function processStart(pid: number): string | undefined {
  if (process.platform === 'linux') return statOf(pid)?.start;
  try {
    const text = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return text === '' ? undefined : text;
  } catch (error) {
    // ps ends with 1 where the process is not there; anything else is not an answer.
    if ((error as { status?: unknown }).status === 1) return undefined;
    throw error;
  }
}

/**
 * Processes of the group that `leader` led which run a program below `root`. A pid file may be older than the machine's last start, and
 * the group a stranger's by then: the program tells. Known on Linux only; elsewhere none is found.
 *
 * @example
 * for (const pid of groupMembers(record.pid, record.root)) process.kill(pid, 'SIGKILL');
 */
export function groupMembers(leader: number, root: string): number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => statOf(pid)?.group === leader && commandOf(pid).includes(path.join(root, '/')));
}

function commandOf(pid: number): string {
  return readProcess(pid, 'cmdline') ?? '';
}

/** What Linux says of a process; a zombie does nothing any more and counts as none. */
function statOf(pid: number): { readonly group: number; readonly start: string | undefined } | undefined {
  const stat = readProcess(pid, 'stat');
  if (stat === undefined) return undefined;
  // The second field is the command in brackets and may itself hold brackets and spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : { group: Number(fields[2]), start: fields[19] };
}

function readProcess(pid: number, file: 'stat' | 'cmdline'): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}
