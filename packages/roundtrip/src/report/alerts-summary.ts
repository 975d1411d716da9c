import type { RunState } from '../journal/fold.ts';
import type { Plan } from '../runbook/plan.ts';

/** Whom a run told, and what did not get through. */
export interface AlertsSummary {
  /** Names of the target's channels; none means that nobody was told anything. */
  readonly channels: readonly string[];
  readonly delivered: number;
  /** Newest word on each alert that its channel has not taken. */
  readonly undelivered: readonly {
    readonly event: string;
    readonly channel: string;
    readonly at: string;
    readonly attempts: number;
    readonly seen: string;
  }[];
}

/** The alerts of a run as its journal has them; pure. An alert that got through later is not undelivered any more. */
export function alertsSummary(plan: Plan, state: RunState): AlertsSummary {
  const { delivered, undelivered } = state.alerts;
  return {
    channels: (plan.target.alerts ?? []).map(({ name }) => name),
    delivered,
    undelivered: undelivered.map(({ event, channel, at, attempts, seen }) => ({
      event,
      channel,
      at,
      attempts,
      seen,
    })),
  };
}

/**
 * The same in a sentence.
 *
 * @example alertsText({ channels: ['ops'], delivered: 7, undelivered: [] }) // "7 alerts delivered to ops, none undelivered"
 */
export function alertsText({ channels, delivered, undelivered }: AlertsSummary): string {
  if (channels.length === 0) return 'the target names no channel: nobody was told';
  const left = undelivered.length === 0 ? 'none undelivered' : `${undelivered.length} UNDELIVERED`;
  return `${delivered} alert${delivered === 1 ? '' : 's'} delivered to ${channels.join(', ')}, ${left}`;
}
