import type { PrometheusSeries } from './prometheus-api.ts';

/** How much each counter grew since the call before. */
export interface CounterDeltas {
  /** One entry a series that is there now; nothing at the first call, which only remembers. */
  since(series: readonly PrometheusSeries[]): readonly CounterDelta[];
}

export interface CounterDelta {
  readonly labels: Readonly<Record<string, string>>;
  readonly delta: number;
}

/**
 * Subtracts counters here instead of asking for `increase()`, which extrapolates to fractions, while exact bounds need
 * whole requests. A counter that is smaller than before was restarted at zero. A new series of a target that was there
 * before was born since (the first 500 of a process makes one), so all of it is new; with a new target it may hold the
 * history of days, so it is only remembered.
 *
 * @example const deltas = counterDeltas(); deltas.since(first); deltas.since(second)
 */
export function counterDeltas(): CounterDeltas {
  const values = new Map<string, number>();
  const targets = new Set<string>();
  return {
    since(series) {
      const known = new Set(targets);
      return series.flatMap(({ labels, value }) => {
        const key = JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
        const target = `${labels.job ?? ''} ${labels.instance ?? ''}`;
        const before = values.get(key);
        values.set(key, value);
        targets.add(target);
        if (before === undefined) return known.has(target) ? [{ labels, delta: value }] : [];
        return [{ labels, delta: value < before ? value : value - before }];
      });
    },
  };
}
