import { runProcess } from '../process/run-process.ts';
import { type Pgbouncer, pauseDatabase, resumeDatabase } from './pgbouncer.ts';

/** Holds clients through PgBouncer: their statements wait, and none sees an error. */
export interface PooledTraffic extends Pgbouncer {
  readonly kind: 'pgbouncer';
  /** The name that clients give, in PgBouncer's [databases]. */
  readonly pooled: string;
}

/** Holds clients by commands of one's own: a load balancer, an endpoint of Patroni. Both may be repeated. */
export interface CommandTraffic {
  readonly kind: 'command';
  readonly hold: readonly string[];
  readonly release: readonly string[];
}

/** What stands between clients and the database while it is switched; plain data. */
export type Traffic = PooledTraffic | CommandTraffic;

interface Options {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes clients wait. Where it fails they are served as before.
 *
 * @throws Failed `pgbouncer-not-paused`, `process-failed`; Refused `pgbouncer-session-pooling`.
 * @example await holdTraffic({ kind: 'command', hold: ['lb', 'drain'], release: ['lb', 'open'] }, { timeoutMs: 5_000 });
 */
export async function holdTraffic(traffic: Traffic, options: Options): Promise<void> {
  if (traffic.kind === 'pgbouncer') await pauseDatabase(traffic, { ...options, database: traffic.pooled });
  else await runProcess([...traffic.hold], { ...options, env: {} });
}

/** Lets clients go on. Can be repeated, and is fine where they were not held. */
export async function releaseTraffic(traffic: Traffic, options: Options): Promise<void> {
  if (traffic.kind === 'pgbouncer') await resumeDatabase(traffic, { database: traffic.pooled });
  else await runProcess([...traffic.release], { ...options, env: {} });
}
