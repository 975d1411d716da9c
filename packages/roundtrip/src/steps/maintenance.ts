import type { JsonObject } from '../json.ts';
import { type StepCommon, type StepSpec, stepSpec } from '../runbook/step-spec.ts';
import type { HttpExpectation, HttpRequest } from '../services/http.ts';
import { flagMaintenance, proveMaintenance } from '../services/maintenance.ts';
import { anyStepKind, type StepContext } from './step-kind.ts';

/** How maintenance is switched and proven. */
export interface MaintenanceArgs extends JsonObject {
  readonly state: 'on' | 'off';
  /** The application answers 503 while this file exists. */
  readonly flagFile: string;
  readonly retryAfterSeconds: number;
  /** A write through the front door: it must be refused while maintenance is on. */
  readonly write: JsonObject;
  /** A read that must pass once it is off. */
  readonly read: JsonObject;
}

type MaintenanceOptions = StepCommon & {
  readonly flagFile: string;
  readonly retryAfterSeconds?: number | undefined;
  readonly write: { readonly request: HttpRequest; readonly open: HttpExpectation };
  readonly read: { readonly request: HttpRequest; readonly open: HttpExpectation };
};

/** Closes the shop to customers; proven by a write that is refused. Undone by opening it again. */
export function maintenanceOn(options: MaintenanceOptions): StepSpec {
  return maintenance('on', 'maintenance-on', 'Enable maintenance mode', options);
}

/** Opens the shop; proven by a real read and a real write. Undone by closing it. */
export function maintenanceOff(options: MaintenanceOptions): StepSpec {
  return maintenance('off', 'maintenance-off', 'Disable maintenance mode', options);
}

function maintenance(state: 'on' | 'off', id: string, title: string, options: MaintenanceOptions): StepSpec {
  const { flagFile, retryAfterSeconds, write, read } = options;
  const args = { state, flagFile, retryAfterSeconds: retryAfterSeconds ?? 600, write, read };
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

async function set(context: StepContext, args: MaintenanceArgs, state: 'on' | 'off'): Promise<JsonObject> {
  const flag = flagMaintenance({ flagFile: args.flagFile });
  if (state === 'on')
    await flag.on({ reason: `Roundtrip run ${context.runId}`, retryAfterSeconds: args.retryAfterSeconds });
  else await flag.off();
  return { state };
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
    const { on } = await flagMaintenance({ flagFile: args.flagFile }).state();
    return on === (args.state === 'on') ? 'done' : 'not-done';
  },
  do: (context, args) => set(context, args, args.state),
  verify: (context, args) => prove(context, args, args.state),
  // The proof after opening again belongs to the after-rollback steps: services may start only later in the undo.
  undo: (context, args) => set(context, args, opposite(args.state)),
});
