import { randomBytes } from 'node:crypto';
import { Ambiguous, Failed, Refused, type RoundtripError } from '../errors.ts';
import {
  processFailed,
  type RunProcessOptions,
  type RunProcessResult,
  runProcess,
} from '../process/run-process.ts';

/** A machine that is reached over ssh; plain data. Users, keys, ports and jumps are in OpenSSH's own configuration. */
export interface RemoteHost {
  /** As `ssh` takes it: a Host of its configuration, or `user@name`. */
  readonly host: string;
  /** Default: OpenSSH's own, `~/.ssh/config` and `/etc/ssh/ssh_config`. */
  readonly configFile?: string | undefined;
  /** Default 10. */
  readonly connectTimeoutSeconds?: number | undefined;
}

const CONNECT_SECONDS = 10;
const GRACE_MS = 5_000;
const ANY_EXIT = Array.from({ length: 256 }, (_, code) => code);
const SSH_FAILED = 255;

/**
 * What runs on the other machine. The command leads a session of its own; when the connection ends, for whatever reason, its standard
 * input does, and the group gets SIGTERM and then SIGKILL: sshd itself leaves it running.
 *
 * "started" and "ended" on stderr tell a command that exits 255 from a connection that failed or was lost.
 */
const REMOTE = `
t=$1; g=$2; d=$3; shift 3
echo "$t started" >&2
if [ -n "$d" ]; then cd "$d" || { echo "$t ended 254" >&2; exit 254; }; fi
exec 3<&0
setsid "$@" </dev/null 3<&- & p=$!
(
  cat <&3
  kill -s TERM -- -$p
  while [ $g -gt 0 ] && kill -s 0 -- -$p; do sleep 0.1; g=$((g - 1)); done
  kill -s KILL -- -$p
) >/dev/null 2>&1 & w=$!
exec 3<&-
wait $p; s=$?
kill $w 2>/dev/null
echo "$t ended $s" >&2
exit $s`;

/** Ends what an earlier command left; finds it by the mark in its environment, since a pid may be another's by now. */
const END = `
t=$1; g=$2
groups() {
  for e in $(grep -lzx "ROUNDTRIP_REMOTE=$t" /proc/[0-9]*/environ 2>/dev/null); do
    p=\${e#/proc/}; ps -o stat=,pgid= -p "\${p%/environ}" | awk '$1 !~ /^Z/ { print $2 }'
  done | sort -u
}
s=TERM
while :; do
  l=$(groups); [ -z "$l" ] && exit 0
  for k in $l; do kill -s $s -- -$k; done 2>/dev/null
  g=$((g - 1)); [ $g -lt 0 ] && s=KILL; [ $g -lt -50 ] && exit 1
  sleep 0.1
done`;

/**
 * Runs a command on another machine by OpenSSH's own client, without a question being asked (`BatchMode`). It is a Linux
 * machine with a POSIX shell. Arguments reach the command as they are; they and `env` can be seen in `ps` there.
 *
 * On time-out and abort the process group there is ended too, and looked for once more over a connection of its own.
 *
 * @throws Refused `ssh-host-invalid`; Failed `ssh-failed` (nothing was begun), `process-failed`, `process-timed-out`,
 *         `process-aborted`; Ambiguous `ssh-connection-lost`, `ssh-survivor` (something may go on there).
 * @example await runRemote({ host: 'worker1' }, ['supervisorctl', 'status'], { timeoutMs: 10_000, okExitCodes: [0, 3] })
 */
export async function runRemote(
  host: RemoteHost,
  argv: readonly string[],
  options: RunProcessOptions & {
    /** Called, and waited for, before the command begins, with the mark by which `endRemote` finds it again. */
    readonly onMark?: ((mark: string) => void | Promise<void>) | undefined;
  },
): Promise<RunProcessResult> {
  const mark = `roundtrip-${randomBytes(8).toString('hex')}`;
  const graceMs = options.graceMs ?? GRACE_MS;
  const seen = { started: false, ended: undefined as number | undefined };
  const environment = Object.entries({ ...options.env, ROUNDTRIP_REMOTE: mark });
  const command = ['env', ...environment.map(([name, value]) => `${name}=${value}`), ...argv];
  await options.onMark?.(mark);
  try {
    const result = await runProcess(
      sshArgv(host, ['sh', '-c', REMOTE, 'sh', mark, tenths(graceMs), options.cwd ?? '', ...command]),
      {
        ...options,
        cwd: undefined,
        env: agent(),
        stdin: 'held',
        okExitCodes: ANY_EXIT,
        onLine: (stream, line) => {
          const own = stream === 'stderr' ? noteMark(line, mark, seen) : line;
          if (own !== undefined) options.onLine?.(stream, own);
        },
      },
    );
    const stderr = withoutMarks(result.stderr, mark);
    if (result.exitCode === SSH_FAILED && seen.ended === undefined)
      throw await notReached(host, { mark, graceMs, started: seen.started, stderr });
    if (!(options.okExitCodes ?? [0]).includes(result.exitCode))
      throw failed(host, argv, { ...result, stderr });
    return { ...result, stderr };
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'process-timed-out' || code === 'process-aborted')
      throw await endedAfter(error as RoundtripError, { host, mark, graceMs });
    throw error;
  }
}

/**
 * Ends what a command left on another machine: SIGTERM, then SIGKILL, until nothing with its mark is there. Idempotent.
 *
 * @throws Failed `ssh-failed`, `ssh-survivor-stays`.
 */
export async function endRemote(
  host: RemoteHost,
  { mark, graceMs = GRACE_MS }: { readonly mark: string; readonly graceMs?: number | undefined },
): Promise<void> {
  const argv = sshArgv(host, ['sh', '-c', END, 'sh', mark, tenths(graceMs)]);
  const timeoutMs = (host.connectTimeoutSeconds ?? CONNECT_SECONDS) * 1000 + graceMs + 10_000;
  const { exitCode, stderr } = await runProcess(argv, { timeoutMs, env: agent(), okExitCodes: ANY_EXIT });
  if (exitCode === 0) return;
  if (exitCode === SSH_FAILED) throw unreachable(host, stderr);
  throw new Failed({
    code: 'ssh-survivor-stays',
    seen: `on ${host.host} processes of ${mark} outlive SIGKILL: ${stderr.trim().slice(-500)}`,
    expected: 'them to end',
    next: 'look at that machine (a hung disk or network mount), then resume',
  });
}

/** The whole command for `ssh`; the other side's shell gets every argument back as it was. */
function sshArgv(host: RemoteHost, command: readonly string[]): readonly string[] {
  if (host.host === '' || host.host.startsWith('-'))
    throw new Refused({
      code: 'ssh-host-invalid',
      seen: `a host ${JSON.stringify(host.host)}`,
      expected: "a name of ssh's configuration, or user@name",
      next: 'correct it in the runbook',
    });
  const settings = [
    'BatchMode=yes',
    `ConnectTimeout=${host.connectTimeoutSeconds ?? CONNECT_SECONDS}`,
    'ServerAliveInterval=15',
    'ServerAliveCountMax=3',
    // A shared connection outlives its client, and keeps our pipes open.
    'ControlMaster=no',
    'ControlPath=none',
    'ClearAllForwardings=yes',
    'ForwardAgent=no',
    'RequestTTY=no',
    'LogLevel=ERROR',
  ].flatMap((setting) => ['-o', setting]);
  const configured = host.configFile === undefined ? [] : ['-F', host.configFile];
  return ['ssh', ...configured, ...settings, '--', host.host, `exec ${command.map(quoted).join(' ')}`];
}

function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}

function tenths(ms: number): string {
  return String(Math.ceil(ms / 100));
}

/** The agent of whoever runs this: `runProcess` hands over nothing by itself. */
function agent(): Record<string, string> {
  const { SSH_AUTH_SOCK } = process.env;
  return SSH_AUTH_SOCK === undefined ? {} : { SSH_AUTH_SOCK };
}

/** Takes our own marks out of a line; what is left is the command's. A mark may follow output without a line's end. */
function noteMark(
  line: string,
  mark: string,
  seen: { started: boolean; ended: number | undefined },
): string | undefined {
  const at = line.indexOf(`${mark} `);
  if (at < 0) return line;
  const [, word, code] = line.slice(at).split(' ');
  if (word === 'started') seen.started = true;
  if (word === 'ended') seen.ended = Number(code);
  return at === 0 ? undefined : line.slice(0, at);
}

function withoutMarks(stderr: string, mark: string): string {
  return stderr.replaceAll(new RegExp(`${mark} (started|ended \\d+)\\n`, 'g'), '');
}

async function notReached(
  host: RemoteHost,
  was: {
    readonly mark: string;
    readonly graceMs: number;
    readonly started: boolean;
    readonly stderr: string;
  },
): Promise<RoundtripError> {
  if (!was.started) return unreachable(host, was.stderr);
  const ended = await tryEnd(host, was);
  return new Ambiguous({
    code: 'ssh-connection-lost',
    seen: `the connection to ${host.host} was lost while the command ran there: ${was.stderr.trim().slice(-500)}; ${ended.text}`,
    expected: 'its end to be reported',
    next: 'find out how far it came; the command may have had its effect',
    cause: ended.cause,
  });
}

async function endedAfter(
  error: RoundtripError,
  was: { readonly host: RemoteHost; readonly mark: string; readonly graceMs: number },
): Promise<RoundtripError> {
  const { host } = was;
  const ended = await tryEnd(host, was);
  const parts = {
    seen: `on ${host.host}: ${error.seen}; ${ended.text}`,
    expected: error.expected,
    next: error.next,
    cause: ended.cause ?? error,
  };
  return ended.gone
    ? new Failed({ ...parts, code: error.code })
    : new Ambiguous({
        ...parts,
        code: 'ssh-survivor',
        next: `end it by hand: \`grep -lz ${was.mark} /proc/[0-9]*/environ\``,
      });
}

async function tryEnd(
  host: RemoteHost,
  was: { readonly mark: string; readonly graceMs: number },
): Promise<{ readonly gone: boolean; readonly text: string; readonly cause?: unknown }> {
  try {
    await endRemote(host, was);
    return { gone: true, text: 'nothing of it is left there' };
  } catch (cause) {
    return { gone: false, text: `it may go on there: ${(cause as Error).message}`, cause };
  }
}

function unreachable(host: RemoteHost, stderr: string): Failed {
  return new Failed({
    code: 'ssh-failed',
    seen: `ssh ${host.host}: ${stderr.trim().slice(-500)}`,
    expected: 'a connection without a question',
    next: `try \`ssh -o BatchMode=yes ${host.host} true\`: key, known_hosts, address; nothing was begun there`,
  });
}

function failed(host: RemoteHost, argv: readonly string[], result: RunProcessResult): Failed {
  const { exitCode } = result;
  return processFailed(`${argv[0] ?? ''} on ${host.host} ended with exit code ${exitCode}`, result, {
    exitCode,
  });
}
