import { bringService, type ServiceControl, type ServiceState } from './bring-service.ts';
import { type CommandService, commandControl } from './command-services.ts';
import { type SupervisorGroup, supervisorControl } from './supervisor.ts';
import { type SystemdUnit, systemdControl } from './systemd.ts';

/** A service of the application; plain data. */
export type Service = CommandService | SupervisorGroup | SystemdUnit;

interface Options {
  readonly signal?: AbortSignal | undefined;
}

/**
 * What a service's manager says of it.
 *
 * @throws Refused `service-unknown`; Failed `service-manager-unreachable`.
 */
export async function serviceState(service: Service, { signal }: Options = {}): Promise<ServiceState> {
  const control = serviceControl(service);
  return (await control.look({ timeoutMs: control.timeoutMs, signal })).state;
}

/** Starts a service and waits until its manager says that it runs. Idempotent. @throws Failed `service-not-in-state`. */
export function startService(service: Service, options: Options = {}): Promise<void> {
  return bringService(serviceControl(service), 'running', options);
}

/** Stops a service and waits until it is gone: a stop command may return before. Idempotent. @throws Failed `service-not-in-state`. */
export function stopService(service: Service, options: Options = {}): Promise<void> {
  return bringService(serviceControl(service), 'stopped', options);
}

/** The name of a service in logs and evidence. */
export function serviceName(service: Service): string {
  return serviceControl(service).name;
}

function serviceControl(service: Service): ServiceControl {
  switch (service.kind) {
    case 'supervisor':
      return supervisorControl(service);
    case 'systemd':
      return systemdControl(service);
    default:
      return commandControl(service);
  }
}
