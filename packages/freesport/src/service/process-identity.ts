import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * When a process was started, as an opaque text that differs for another process with the same pid; undefined where
 * there is none (a zombie counts as none). Linux: field 22 of /proc/PID/stat (proc(5)); elsewhere `ps -o lstart`.
 *
 * @example
 * if (processStart(record.pid) === record.startedAs) process.kill(record.pid, 'SIGTERM');
 */
export function processStart(pid: number): string | undefined {
  if (process.platform === 'linux') {
    let stat: string;
    try {
      stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ESRCH') return undefined;
      throw error;
    }
    // The second field is the command in brackets and may itself hold brackets and spaces.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  }
  try {
    const text = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return text === '' ? undefined : text;
  } catch (error) {
    // ps ends with 1 where the process is not there; anything else is not an answer.
    if ((error as { status?: unknown }).status === 1) return undefined;
    throw error;
  }
}
