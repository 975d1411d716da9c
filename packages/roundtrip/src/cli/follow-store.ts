import type { ControlStore } from '../control/control-store.ts';
import type { LockHolder } from '../control/operator-lock.ts';

/** A store that somebody on this machine watches. */
export interface FollowedStore {
  /** Who operated at the last look. */
  operating(): LockHolder | undefined;
  /** Ends once the look under way is over. */
  stop(): Promise<void>;
}

const LOOK_EVERY_MS = 2_000;

/**
 * Keeps this machine's copy of a store on another up to date, for the dashboard, which reads files. While the store is away the
 * copy stays as it is, and `say` is told once.
 *
 * @example const followed = followStore(store, console.error); followed.operating();
 */
export function followStore(store: ControlStore, say: (line: string) => void): FollowedStore {
  let operating: LockHolder | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  let isAway = false;
  let looking = Promise.resolve();
  const look = async (): Promise<void> => {
    try {
      await store.refresh();
      const found = await store.holder();
      operating = found?.isAlive === true ? found.holder : undefined;
      isAway = false;
    } catch (error) {
      if (!isAway)
        say(`${store.name} could not be read, and what is shown grows old: ${(error as Error).message}`);
      isAway = true;
    }
    if (isStopped) return;
    timer = setTimeout(() => {
      looking = look();
    }, LOOK_EVERY_MS);
  };
  looking = look();
  return {
    operating: () => operating,
    stop: async () => {
      isStopped = true;
      clearTimeout(timer);
      await looking;
    },
  };
}
