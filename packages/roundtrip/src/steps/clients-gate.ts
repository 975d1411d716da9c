import { holdTraffic, releaseTraffic, type Traffic } from '../services/traffic.ts';
import type { StepContext } from './step-kind.ts';

/** Whatever stands in front of the database and can make clients wait. */
export interface ClientsGate {
  readonly hold: () => Promise<void>;
  readonly release: () => Promise<void>;
  /** From the hold to the release; undefined where nothing holds clients. */
  readonly heldMs: () => number | undefined;
  /** Does the work and lets clients go at its end, however it ends; also those that an attempt that died has held. */
  readonly letGoAfter: <T>(work: () => Promise<T>) => Promise<T>;
}

/**
 * The gate of a switch; without `traffic` it holds nobody.
 *
 * @example await clientsGate(context, { traffic, fenceMs: 10_000 }).letGoAfter(() => exchange())
 */
export function clientsGate(
  context: StepContext,
  { traffic, fenceMs }: { readonly traffic: Traffic | undefined; readonly fenceMs: number },
): ClientsGate {
  const limits = { timeoutMs: fenceMs };
  let heldAtMs: number | undefined;
  let heldMs: number | undefined;
  const release = async (): Promise<void> => {
    if (traffic === undefined) return;
    await releaseTraffic(traffic, limits);
    if (heldAtMs !== undefined) heldMs ??= performance.now() - heldAtMs;
  };
  return {
    release,
    heldMs: () => heldMs,
    hold: async () => {
      heldAtMs = performance.now();
      if (traffic !== undefined) await holdTraffic(traffic, { ...limits, signal: context.signal });
    },
    letGoAfter: async (work) => {
      try {
        return await work();
      } finally {
        await release();
      }
    },
  };
}
