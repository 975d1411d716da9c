/**
 * Runs work side by side, so much at a time: `add` waits for a free place, which also bounds what lies in memory.
 *
 * @example const run = limitConcurrency(4); for (const x of xs) await run.add(() => send(x)); await run.finish();
 */
export function limitConcurrency(atOnce: number): {
  /** @throws the first failure of work that was added before. */
  add(work: () => Promise<void>): Promise<void>;
  /** Waits for the rest. @throws the first failure. */
  finish(): Promise<void>;
  /** Waits for the rest, however it ends. */
  settle(): Promise<void>;
} {
  const running = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  const rethrow = (): void => {
    if (failure !== undefined) throw failure.error;
  };
  const settle = async (): Promise<void> => {
    await Promise.all(running);
  };
  return {
    async add(work) {
      while (running.size >= atOnce) await Promise.race(running);
      rethrow();
      const task: Promise<void> = work()
        .catch((error: unknown) => {
          failure ??= { error };
        })
        .finally(() => running.delete(task));
      running.add(task);
    },
    async finish() {
      await settle();
      rethrow();
    },
    settle,
  };
}
