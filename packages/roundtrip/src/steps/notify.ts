import type { AlertLevel } from '../alerts/alert.ts';
import { MESSAGE_MARK } from '../alerts/alert-of-record.ts';
import type { JsonObject } from '../json.ts';
import { type StepCommon, type StepSpec, stepSpec } from '../runbook/step-spec.ts';
import { anyStepKind, type Finding, type StepContext } from './step-kind.ts';

export interface NotifyArgs extends JsonObject {
  readonly text: string;
  readonly level: AlertLevel;
  readonly channels: readonly string[];
}

/**
 * Tells people something at this point of the run, through the target's channels (`alerts` in `targets.json`). Gates,
 * failures, rollbacks and the watch are told without a step. The step never waits and never fails: the message is in the
 * journal with the step, it is delivered beside the next steps, and what became of it is a record of its own.
 *
 * @example notify({ id: 'tell-support', text: 'Maintenance begins in five minutes', channels: ['support'] })
 */
export function notify(
  options: StepCommon & {
    readonly text: string;
    readonly level?: AlertLevel | undefined;
    /** Names of channels; default all. */
    readonly channels?: readonly string[] | undefined;
  },
): StepSpec {
  return stepSpec({
    kind: 'notify',
    defaultId: 'notify',
    defaultTitle: `Tell: ${options.text}`,
    effect: 'none',
    common: options,
    args: { text: options.text, level: options.level ?? 'info', channels: options.channels ?? [] },
  });
}

/** Whoever carries the run on follows its journal and sends what this step marks. */
export const notifyKind = anyStepKind<NotifyArgs>({
  kind: 'notify',
  check: async (context, args) => findings(context, args),
  // A mark that is there was the whole of it.
  inspect: async (context) => (context.marks[MESSAGE_MARK] === undefined ? 'not-done' : 'done'),
  async do(context, args) {
    const { text, level, channels } = args;
    if (context.marks[MESSAGE_MARK] === undefined)
      await context.mark(MESSAGE_MARK, { text, level, channels });
    return { text, channels: receivers(context, channels) };
  },
  verify: async () => ({}),
});

function receivers(context: StepContext, channels: readonly string[]): string[] {
  const known = (context.plan.target.alerts ?? []).map(({ name }) => name);
  return channels.length === 0 ? known : known.filter((name) => channels.includes(name));
}

/** Days before the night, a misspelt name can be corrected; in the night it would only be an alert that nobody gets. */
function findings(context: StepContext, args: NotifyArgs): Finding[] {
  const known = (context.plan.target.alerts ?? []).map(({ name }) => name);
  const unknown = args.channels.filter((name) => !known.includes(name));
  if (known.length > 0 && unknown.length === 0) return [];
  return [
    {
      code: 'alert-channel-unknown',
      severity: 'warning',
      seen:
        known.length === 0
          ? `target "${context.plan.target.name}" has no alert channels: nobody hears step "${context.step.id}"`
          : `step "${context.step.id}" tells ${unknown.join(', ')}`,
      expected: `channels of the target: ${known.join(', ') || 'at least one'}`,
      cure: 'name it in `alerts` of the target, or correct the runbook',
    },
  ];
}
