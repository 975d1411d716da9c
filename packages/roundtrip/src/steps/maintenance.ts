import type { JsonObject } from '../json.ts';
import { type StepCommon, type StepSpec, stepSpec } from '../runbook/step-spec.ts';
import type { HttpExpectation, HttpRequest } from '../services/http.ts';
import { flagMaintenance, type Maintenance, proveMaintenance } from '../services/maintenance.ts';
import { type NginxDoor, nginxDoorSeen, nginxMaintenance } from '../services/nginx.ts';
import { anyStepKind, type StepContext } from './step-kind.ts';

const SEEN_MS = 10_000;

/** How maintenance is switched and proven. */
export interface MaintenanceArgs extends JsonObject {
  readonly state: 'on' | 'off';
  /** The application answers 503 while this file exists. */
  readonly flagFile?: string | undefined;
  /** Or nginx does; see `NginxDoor`. */
  readonly nginx?: JsonObject | undefined;
  readonly retryAfterSeconds: number;
  /** A write through the front door: it must be refused while maintenance is on. */
  readonly write: JsonObject;
  /** A read that must pass once it is off. */
  readonly read: JsonObject;
}

type MaintenanceOptions = StepCommon &
  Door & {
    readonly retryAfterSeconds?: number | undefined;
    readonly write: { readonly request: HttpRequest; readonly open: HttpExpectation };
    readonly read: { readonly request: HttpRequest; readonly open: HttpExpectation };
  };

/** Who turns customers away: the application, by a flag file, or nginx in front of it. */
type Door =
  | { readonly flagFile: string; readonly nginx?: undefined }
  | { readonly nginx: NginxDoor; readonly flagFile?: undefined };

/**
 * Closes the shop to customers; proven by a write that is refused. Undone by opening it again.
 *
 * @example maintenanceOn({ nginx: { includeFile: '/etc/nginx/roundtrip/shop.conf', healthPaths: ['/health'] }, write, read })
 */
export function maintenanceOn(options: MaintenanceOptions): StepSpec {
  return maintenance('on', 'maintenance-on', 'Enable maintenance mode', options);
}

/**
 * Opens the shop; proven by a real read and a real write. Undone by closing it.
 *
 * @example maintenanceOff({ flagFile: '/srv/shop/maintenance', write, read })
 */
export function maintenanceOff(options: MaintenanceOptions): StepSpec {
  return maintenance('off', 'maintenance-off', 'Disable maintenance mode', options);
}

function maintenance(state: 'on' | 'off', id: string, title: string, options: MaintenanceOptions): StepSpec {
  const { flagFile, nginx, retryAfterSeconds, write, read } = options;
  const args = { state, flagFile, nginx, retryAfterSeconds: retryAfterSeconds ?? 600, write, read };
  return stepSpec({
    kind: 'maintenance',
    defaultId: id,
    defaultTitle: title,
    effect: 'reversible',
    common: options,
    args: JSON.parse(JSON.stringify(args)) as JsonObject,
  });
}

function opposite(state: 'on' | 'off'): 'on' | 'off' {
  return state === 'on' ? 'off' : 'on';
}

function doorOf({ flagFile, nginx }: MaintenanceArgs): Maintenance {
  // The builder's type demands one of the two.
  return flagFile === undefined
    ? nginxMaintenance(nginx as unknown as NginxDoor)
    : flagMaintenance({ flagFile });
}

async function set(context: StepContext, args: MaintenanceArgs, state: 'on' | 'off'): Promise<JsonObject> {
  const { signal } = context;
  const { retryAfterSeconds } = args;
  const door = doorOf(args);
  if (state === 'on') await door.on({ reason: `Roundtrip run ${context.runId}`, retryAfterSeconds, signal });
  else await door.off({ signal });
  return { state };
}

/** The next step back stops the application, or asks it: customers must have seen the door move before that. */
async function setAndSee(
  context: StepContext,
  args: MaintenanceArgs,
  state: 'on' | 'off',
): Promise<JsonObject> {
  const evidence = await set(context, args, state);
  if (args.flagFile !== undefined) return evidence;
  const { request } = args.read as unknown as { readonly request: HttpRequest };
  const seen = await nginxDoorSeen({ request, wanted: state, timeoutMs: SEEN_MS, signal: context.signal });
  if (!seen)
    context.log(
      `nginx was reloaded, and ${request.url} does not show maintenance ${state} after ${SEEN_MS} ms`,
    );
  return { ...evidence, seen };
}

async function prove(context: StepContext, args: MaintenanceArgs, state: 'on' | 'off'): Promise<JsonObject> {
  const { signal, timeoutMs } = context;
  const probes = { write: args.write, read: args.read } as unknown as Parameters<
    typeof proveMaintenance
  >[0]['probes'];
  return proveMaintenance({
    probes,
    expect: state === 'on' ? 'closed' : 'open',
    timeoutMs: Math.min(timeoutMs, 30_000),
    signal,
  });
}

export const maintenanceKind = anyStepKind<MaintenanceArgs>({
  kind: 'maintenance',
  async inspect(_context, args) {
    // The file may have been written and nginx not reloaded: only doing it again, which is harmless, is sure.
    if (args.flagFile === undefined) return 'not-done';
    const { on } = await flagMaintenance({ flagFile: args.flagFile }).state();
    return on === (args.state === 'on') ? 'done' : 'not-done';
  },
  do: (context, args) => set(context, args, args.state),
  verify: (context, args) => prove(context, args, args.state),
  // The proof after opening again belongs to the after-rollback steps: services may start only later in the undo.
  undo: (context, args) => setAndSee(context, args, opposite(args.state)),
});
