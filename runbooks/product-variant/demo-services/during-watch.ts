import { setTimeout as sleep } from 'node:timers/promises';
import type { StepKind, StepKinds } from 'roundtrip';

/**
 * The step kinds with something that happens in the live run's watch: `before` it begins, and `meanwhile`, this long
 * after it began. The watch itself is as it is.
 *
 * @example duringWatch(stepKinds, { before: letCustomersIn, afterMs: 4_000, meanwhile: breakTheCatalogue })
 */
export function duringWatch(
  kinds: StepKinds,
  happens: {
    readonly before: () => Promise<void>;
    readonly afterMs: number;
    readonly meanwhile: () => Promise<void>;
  },
): StepKinds {
  const disturbed = (kind: StepKind): StepKind => ({
    ...kind,
    do: async (context, args) => {
      if (context.runKind !== 'live') return kind.do(context, args);
      await happens.before();
      const { signal } = context;
      const meanwhile = sleep(happens.afterMs, undefined, { signal }).then(happens.meanwhile);
      // Told below, or left alone where the watch was interrupted.
      meanwhile.catch(() => undefined);
      const watched = await kind.do(context, args).catch(async (error: unknown) => {
        if (!signal.aborted) await meanwhile;
        throw error;
      });
      await meanwhile;
      return watched;
    },
  });
  return new Map([...kinds].map(([name, kind]) => [name, name === 'watch' ? disturbed(kind) : kind]));
}
