import { Failed, Refused } from '../errors.ts';
import type { ServiceControl, ServiceLook } from './bring-service.ts';
import { runOn } from './run-on.ts';
import type { RemoteHost } from './ssh.ts';

/** A unit of systemd; plain data. A socket or timer that starts it again is a unit of its own: name it too. */
export interface SystemdUnit {
  readonly kind: 'systemd';
  /** "shop-api.service" */
  readonly unit: string;
  /** Default `systemctl`; `['systemctl', '--user']`, or `['sudo', '-n', 'systemctl']`. */
  readonly systemctl?: readonly string[] | undefined;
  /** Where `systemctl` is run. Default: here. */
  readonly host?: RemoteHost | undefined;
  /** For each command and for the wait after it. Default 60,000. */
  readonly timeoutMs?: number | undefined;
}

const TIMEOUT_MS = 60_000;
const PROPERTIES = ['LoadState', 'ActiveState', 'SubState', 'Result', 'MainPID'] as const;
const ANY_EXIT = Array.from({ length: 256 }, (_, code) => code);

/**
 * A unit by `systemctl`. `systemctl show` and not `is-active`, which exits 3 for a unit that is still stopping as well as for
 * one that has stopped.
 *
 * @throws from `look`: Refused `service-unknown`; Failed `service-manager-unreachable`.
 */
export function systemdControl(service: SystemdUnit): ServiceControl {
  const { unit, host, systemctl = ['systemctl'], timeoutMs = TIMEOUT_MS } = service;
  return {
    name: unit,
    timeoutMs,
    async look(ask) {
      const argv = [...systemctl, 'show', `--property=${PROPERTIES.join(',')}`, '--', unit];
      const { exitCode, stdout, stderr } = await runOn(host, argv, { ...ask, okExitCodes: ANY_EXIT });
      const said = readProperties(stdout);
      if (exitCode !== 0 || said.get('ActiveState') === undefined)
        throw new Failed({
          code: 'service-manager-unreachable',
          seen: `${argv.join(' ')}: ${`${stderr}${stdout}`.trim().slice(-500)}`,
          expected: 'the properties of the unit',
          next: 'check that systemd runs here and that this user may ask it',
        });
      return judgeUnit(unit, said);
    },
    async command(wanted, ask) {
      await runOn(host, [...systemctl, wanted === 'running' ? 'start' : 'stop', '--', unit], ask);
    },
  };
}

function readProperties(stdout: string): ReadonlyMap<string, string> {
  return new Map(
    stdout.split('\n').flatMap((line) => {
      const at = line.indexOf('=');
      return at < 1 ? [] : [[line.slice(0, at), line.slice(at + 1)] as const];
    }),
  );
}

/** The states of systemd(1): active, reloading, inactive, failed, activating, deactivating. */
function judgeUnit(unit: string, said: ReadonlyMap<string, string>): ServiceLook {
  const active = said.get('ActiveState') ?? '';
  if (said.get('LoadState') === 'not-found')
    throw new Refused({
      code: 'service-unknown',
      seen: `systemd knows no unit ${unit}`,
      expected: 'a unit that is installed',
      next: 'correct the name, or `systemctl daemon-reload` after a change',
    });
  const detail = `${active} (${said.get('SubState') ?? ''}), result ${said.get('Result') ?? ''}`;
  if (active === 'active' || active === 'reloading') return { state: 'running', detail };
  const gone = active === 'inactive' || active === 'failed';
  // A main process that is left (KillMode=none) works on, whatever the unit is called.
  if (gone && (said.get('MainPID') ?? '0') === '0')
    return { state: 'stopped', detail, failed: active === 'failed' };
  return { state: 'unknown', detail };
}
