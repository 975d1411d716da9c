import type { JsonObject } from '../json.ts';
import { type StepCommon, type StepSpec, stepSpec } from '../runbook/step-spec.ts';
import { type Service, serviceName, serviceState, startService, stopService } from '../services/service.ts';
import { anyStepKind, type StepContext } from './step-kind.ts';

/** Services and the state they shall be in. */
export interface ServicesArgs extends JsonObject {
  readonly state: 'stopped' | 'running';
  readonly services: readonly JsonObject[];
}

type ServicesOptions = StepCommon & { readonly services: readonly Service[] };

/**
 * Stops services, last one first, and waits until they are really gone. Undone by starting them.
 *
 * @example stopServices({ services: [{ kind: 'supervisor', program: 'shop:*' }, { kind: 'systemd', unit: 'mail.service' }] })
 */
export function stopServices(options: ServicesOptions): StepSpec {
  return services('stopped', 'stop-services', 'Stop the application', options);
}

/**
 * Starts services in order and waits until they really run. Undone by stopping them.
 *
 * @example startServices({ services: [{ kind: 'systemd', unit: 'shop-api.service' }] })
 */
export function startServices(options: ServicesOptions): StepSpec {
  return services('running', 'start-services', 'Start the application', options);
}

function services(
  state: ServicesArgs['state'],
  defaultId: string,
  defaultTitle: string,
  options: ServicesOptions,
): StepSpec {
  const args = { state, services: JSON.parse(JSON.stringify(options.services)) as JsonObject[] };
  return stepSpec({ kind: 'services', defaultId, defaultTitle, effect: 'reversible', common: options, args });
}

function listed(args: ServicesArgs): readonly Service[] {
  return args.services as unknown as readonly Service[];
}

async function bring(
  context: StepContext,
  args: ServicesArgs,
  state: ServicesArgs['state'],
): Promise<JsonObject> {
  const { signal } = context;
  const order = state === 'running' ? listed(args) : [...listed(args)].reverse();
  for (const service of order) {
    context.log(`${state === 'running' ? 'starting' : 'stopping'} ${serviceName(service)}`);
    if (state === 'running') await startService(service, { signal });
    else await stopService(service, { signal });
  }
  return { [state]: order.map(serviceName) };
}

async function allIn(
  context: StepContext,
  args: ServicesArgs,
  state: ServicesArgs['state'],
): Promise<boolean> {
  for (const service of listed(args)) {
    if ((await serviceState(service, { signal: context.signal })) !== state) return false;
  }
  return true;
}

function opposite(state: ServicesArgs['state']): ServicesArgs['state'] {
  return state === 'running' ? 'stopped' : 'running';
}

export const servicesKind = anyStepKind<ServicesArgs>({
  kind: 'services',
  inspect: async (context, args) => ((await allIn(context, args, args.state)) ? 'done' : 'not-done'),
  do: (context, args) => bring(context, args, args.state),
  async verify(context, args) {
    const states: Record<string, string> = {};
    for (const service of listed(args))
      states[serviceName(service)] = await serviceState(service, { signal: context.signal });
    return { states };
  },
  undo: (context, args) => bring(context, args, opposite(args.state)),
  inspectUndo: async (context, args) =>
    (await allIn(context, args, opposite(args.state))) ? 'done' : 'not-done',
});
