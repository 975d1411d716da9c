import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from 'pino';
import { ShopError } from '../errors.ts';
import { type ApplicationName, connectionSettings } from './connection-settings.ts';
import { isOutage } from './outage.ts';

/** How long a request waits for a database that is being switched before it is answered 503. */
const OUTAGE_PATIENCE_MS = 3_000;
const RETRY_PAUSE_MS = 15;

/** Rows of one statement. */
export type Row = Record<string, unknown>;

/** Something that runs one statement: the database itself or the connection of a transaction. */
export interface Queryable {
  /** `prepared`: planned once a connection, for the statements that every page view runs. */
  query<R extends Row = Row>(
    text: string,
    values?: readonly unknown[],
    options?: { readonly prepared?: boolean },
  ): Promise<R[]>;
}

/** How a pool behaves while its database is away, and which sessions it takes. */
export interface DatabaseOptions {
  /** Connections at most; 10 unless told. */
  readonly connectionsMax?: number | undefined;
  readonly patienceMs?: number | undefined;
  readonly logger?: Pick<Logger, 'warn'> | undefined;
  /** Looks at every new session before anything is asked of it; what it throws is what the caller gets. */
  readonly admit?: ((session: pg.ClientBase) => Promise<void>) | undefined;
}

/**
 * A pool that outlives its database: sessions may be terminated and the database renamed under it. Reads are repeated
 * and transactions that had not reached COMMIT are run again until `patienceMs` is over; then the error is
 * `unavailable`. A COMMIT whose answer was lost is never repeated blindly: the caller says how to find out.
 *
 * @example
 * const database = new Database('freesport-api');
 * const rows = await database.query<{ n: number }>('SELECT count(*)::int AS n FROM orders');
 */
export class Database implements Queryable {
  readonly pool: pg.Pool;
  readonly #patienceMs: number;

  constructor(name: ApplicationName, options: DatabaseOptions = {}) {
    this.#patienceMs = options.patienceMs ?? OUTAGE_PATIENCE_MS;
    const { admit } = options;
    this.pool = new pg.Pool({
      ...connectionSettings(name),
      max: options.connectionsMax ?? 10,
      ...(admit === undefined
        ? {}
        : { verify: (session, done) => void admit(session).then(() => done(), done) }),
    });
    const lost = (error: Error): void => options.logger?.warn({ err: error }, 'database connection lost');
    // An idle connection that is terminated emits here; without a listener the process would end.
    this.pool.on('error', lost);
    // And so does one that a job holds without a statement under way.
    this.pool.on('connect', (client) => client.on('error', lost));
  }

  async query<R extends Row = Row>(
    text: string,
    values: readonly unknown[] = [],
    options: { readonly prepared?: boolean } = {},
  ): Promise<R[]> {
    const statement = {
      text,
      values: [...values],
      name: options.prepared === true ? nameOf(text) : undefined,
    };
    return await this.#patiently(async () => (await this.pool.query<R>(statement)).rows);
  }

  /**
   * Runs `work` in one transaction. `afterLostCommit` answers, on a fresh connection, what a COMMIT whose outcome is
   * unknown has done; without it such a loss is an error.
   */
  async transaction<T>(
    work: (connection: Queryable) => Promise<T>,
    options: { readonly afterLostCommit?: (() => Promise<T>) | undefined } = {},
  ): Promise<T> {
    let committing = false;
    const attempt = async (): Promise<T> => {
      const client = await this.pool.connect();
      let broken: Error | undefined;
      try {
        await client.query('BEGIN');
        const result = await work(asQueryable(client));
        committing = true;
        await client.query('COMMIT');
        committing = false;
        return result;
      } catch (error) {
        broken = error instanceof Error ? error : new Error(String(error));
        if (!isOutage(error)) {
          committing = false;
          await client.query('ROLLBACK').then(
            () => {
              broken = undefined;
            },
            () => undefined,
          );
        }
        throw error;
      } finally {
        client.release(broken);
      }
    };
    return await this.#patiently(async () => {
      try {
        return await attempt();
      } catch (error) {
        if (!committing) throw error;
        committing = false;
        if (options.afterLostCommit !== undefined) return await options.afterLostCommit();
        throw new ShopError(
          'failed',
          'the connection was lost during COMMIT: its outcome is unknown, look before retrying',
          {
            cause: error,
          },
        );
      }
    });
  }

  async close(): Promise<void> {
    await this.pool.end();
  }

  async #patiently<T>(work: () => Promise<T>): Promise<T> {
    const deadline = performance.now() + this.#patienceMs;
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!isOutage(error)) throw error;
        if (performance.now() >= deadline) {
          throw new ShopError(
            'unavailable',
            'the database is not accepting connections; try again in a moment',
            {
              cause: error,
            },
          );
        }
        await sleep(RETRY_PAUSE_MS);
      }
    }
  }
}

const names = new Map<string, string>();

/** A prepared statement's name: the same text has the same one. The texts are the program's own, so they are few. */
function nameOf(text: string): string {
  let name = names.get(text);
  if (name === undefined) {
    name = createHash('sha256').update(text).digest('base64url').slice(0, 32);
    names.set(text, name);
  }
  return name;
}

/** One statement on one connection, as rows. */
export function asQueryable(client: pg.ClientBase): Queryable {
  return {
    query: async <R extends Row = Row>(text: string, values: readonly unknown[] = []): Promise<R[]> =>
      (await client.query<R>(text, [...values])).rows,
  };
}
