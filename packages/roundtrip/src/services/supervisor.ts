import { asRoundtripError, Failed, Refused } from '../errors.ts';
import { groupMembers } from '../process/process-group.ts';
import type { ServiceAsk, ServiceControl, ServiceLook } from './bring-service.ts';
import { httpRequest } from './http.ts';
import { runOn } from './run-on.ts';
import type { RemoteHost } from './ssh.ts';

/** Programs under supervisor; plain data. */
export interface SupervisorGroup {
  readonly kind: 'supervisor';
  /** As supervisorctl takes it: `shop:*` for a group, `shop:worker` or `worker` for one program. */
  readonly program: string;
  /** Default `supervisorctl`; with its options: `['supervisorctl', '-c', '/etc/supervisor/supervisord.conf']`. */
  readonly supervisorctl?: readonly string[] | undefined;
  /** Where `supervisorctl` is run. Default: here. Of another machine the process groups are not looked at. */
  readonly host?: RemoteHost | undefined;
  /**
   * Asked of a group that runs: only an answer below 400 makes it "running". Supervisor says so of a process that is alive,
   * and one that does not listen yet would be shown to customers as soon as the door is opened.
   */
  readonly readyUrl?: string | undefined;
  /** For each command and for the wait after it. Default 60,000. */
  readonly timeoutMs?: number | undefined;
}

/** One line of `supervisorctl status`: "shop:api_00   RUNNING   pid 4432, uptime 0:00:01". */
export interface SupervisedProcess {
  readonly name: string;
  readonly state: string;
  readonly detail: string;
  readonly pid: number | undefined;
}

const TIMEOUT_MS = 60_000;
const READY_MS = 5_000;
/** It exits 3 when one is stopped, 0 for one in BACKOFF, 7 for one that did not start: the words tell, not the code. */
const ANY_EXIT = Array.from({ length: 256 }, (_, code) => code);
const LINE = /^(\S+)\s+(STOPPED|STARTING|RUNNING|BACKOFF|STOPPING|EXITED|FATAL|UNKNOWN)\s*(.*)$/;
const GONE = new Set(['STOPPED', 'EXITED', 'FATAL']);

/**
 * A supervisor group by `supervisorctl`. Stopped means that nothing of it is left: "stopped" is said of a shell whose child
 * goes on working (`stopasgroup` is off by default), so that the process groups are looked at too.
 *
 * @throws from `look`: Refused `service-unknown`; Failed `service-manager-unreachable`.
 */
export function supervisorControl(group: SupervisorGroup): ServiceControl {
  const { program, timeoutMs = TIMEOUT_MS } = group;
  const pids = new Set<number>();
  return {
    name: program,
    timeoutMs,
    async look(ask) {
      const processes = await statusOf(group, ask);
      for (const { pid } of processes) if (pid !== undefined) pids.add(pid);
      const look = judge(processes);
      if (look.state === 'running' && group.readyUrl !== undefined) return readyLook(group.readyUrl, ask);
      if (look.state !== 'stopped' || group.host !== undefined) return look;
      return survivorsOf(pids) ?? look;
    },
    async command(wanted, ask) {
      const verb = wanted === 'running' ? 'start' : 'stop';
      await runOn(group.host, [...ctl(group), verb, program], { ...ask, okExitCodes: ANY_EXIT });
    },
  };
}

/** The processes of a group, by name. */
async function statusOf(group: SupervisorGroup, ask: ServiceAsk): Promise<readonly SupervisedProcess[]> {
  const argv = [...ctl(group), 'status', group.program];
  const { stdout, stderr } = await runOn(group.host, argv, { ...ask, okExitCodes: ANY_EXIT });
  const processes = readStatus(stdout);
  const said = `${stdout}${stderr}`.trim().slice(-500);
  if (/ERROR \(no such (process|group)\)/.test(said)) {
    throw new Refused({
      code: 'service-unknown',
      seen: `supervisor: ${said}`,
      expected: `a program or group ${group.program}`,
      next: 'correct the name, or `supervisorctl update` after a change of its configuration',
    });
  }
  if (processes.length > 0) return processes;
  throw new Failed({
    code: 'service-manager-unreachable',
    seen: `${argv.join(' ')}: ${said === '' ? 'nothing' : said}`,
    expected: 'a status line for every process',
    next: 'check that supervisord runs and that this user may use its socket',
  });
}

/**
 * Reads what `supervisorctl status` prints; other lines are left out.
 *
 * @example readStatus('a:b  RUNNING   pid 7, uptime 0:00:01\n') // [{ name: 'a:b', state: 'RUNNING', detail: 'pid 7, …', pid: 7 }]
 */
export function readStatus(stdout: string): readonly SupervisedProcess[] {
  return stdout.split('\n').flatMap((line) => {
    const [, name = '', state = '', detail = ''] = LINE.exec(line) ?? [];
    const pid = state === 'RUNNING' || state === 'STOPPING' ? /\bpid (\d+)/.exec(detail)?.[1] : undefined;
    return name === '' ? [] : [{ name, state, detail, pid: pid === undefined ? undefined : Number(pid) }];
  });
}

function judge(processes: readonly SupervisedProcess[]): ServiceLook {
  if (processes.every(({ state }) => state === 'RUNNING')) return { state: 'running' };
  const listed = (of: readonly SupervisedProcess[]): string =>
    of.map(({ name, state, detail }) => `${name} ${state} ${detail}`.trim()).join('; ');
  const failed = processes.some(({ state }) => state === 'FATAL');
  if (processes.every(({ state }) => GONE.has(state)))
    return { state: 'stopped', detail: listed(processes), failed };
  return { state: 'unknown', detail: listed(processes.filter(({ state }) => state !== 'RUNNING')), failed };
}

/** Alive and not ready is in between: it is neither stopped nor does it do its work. */
async function readyLook(url: string, { timeoutMs, signal }: ServiceAsk): Promise<ServiceLook> {
  try {
    const { status } = await httpRequest({ url, timeoutMs: Math.min(timeoutMs, READY_MS), signal });
    if (status < 400) return { state: 'running' };
    return { state: 'unknown', detail: `RUNNING, and ${url} answers ${status}` };
  } catch (error) {
    signal?.throwIfAborted();
    return { state: 'unknown', detail: `RUNNING, and not ready: ${asRoundtripError(error).seen}` };
  }
}

/** supervisord makes each of its children the leader of a group: what is left of that group is what it left behind. */
function survivorsOf(pids: ReadonlySet<number>): ServiceLook | undefined {
  const alive = [...pids].flatMap((pid) => groupMembers(pid));
  if (alive.length === 0) return undefined;
  return {
    state: 'unknown',
    detail: `supervisor says stopped, and processes ${alive.join(', ')} of it go on: set stopasgroup and killasgroup`,
  };
}

function ctl({ supervisorctl = ['supervisorctl'] }: SupervisorGroup): readonly string[] {
  return supervisorctl;
}
