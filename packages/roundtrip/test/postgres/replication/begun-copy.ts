import path from 'node:path';
import type { PrivateCluster } from 'pg-cluster';
import type { DatabaseAddress } from '../../../src/postgres/connection.ts';
import { readManifest } from '../../../src/postgres/manifest.ts';
import { beginCopy, type SwitchToCopyOptions } from '../../../src/postgres/replication/index.ts';
import { PROTECTED, type ReverseShop, reverseShop } from './reverse-shop.ts';

export interface BegunCopy {
  readonly shop: ReverseShop;
  readonly options: SwitchToCopyOptions;
}

/** A shop with a copy beside it that is kept in step, and the options to switch to it. */
export async function begunCopy(
  cluster: PrivateCluster,
  at: {
    readonly folder: string;
    readonly name: string;
    /** Begins something on the live database before the copy is begun; what it returns ends it afterwards. */
    readonly during?: (live: DatabaseAddress) => Promise<() => Promise<void>>;
  },
): Promise<BegunCopy> {
  const shop = await reverseShop(cluster);
  const end = await at.during?.(shop.live);
  const site = { source: shop.live, admin: cluster.address(), copyDatabase: `${shop.live.database}_copy` };
  const directory = path.join(at.folder, at.name);
  const begun = await beginCopy({
    ...site,
    tables: PROTECTED,
    name: `forward_${at.name}`,
    directory,
    jobs: 1,
    slotTimeoutMs: 20_000,
    timeoutMs: 60_000,
  });
  await end?.();
  const options = {
    ...site,
    begun,
    returnDatabase: `${shop.live.database}_return`,
    reverseName: `reverse_${at.name}`,
    fenceTimeoutMs: 10_000,
    timeoutMs: 20_000,
    described: readManifest(directory).description,
    journal: async () => undefined,
  };
  return { shop, options };
}
