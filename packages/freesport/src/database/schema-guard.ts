import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from 'pino';
import { ShopError } from '../errors.ts';
import type { ReleaseVersion } from '../release.ts';
import { type ApplicationName, connectionSettings } from './connection-settings.ts';
import { asQueryable } from './database.ts';
import { missingMigrations, type SchemaDifference } from './missing-migrations.ts';

/** Whose schema the database has: this release's, another's, or not known while nobody answers. */
export type SchemaOwner = 'own' | 'other' | 'unknown';

const RECONNECT_PAUSE_MS = 15;
const LOOK_AGAIN_MS = 500;

/**
 * Watches whose schema the database has, through one session of its own: whoever puts another database under this name
 * ends every session first, so that as long as it lives nothing has been exchanged. Two releases can so run beside each
 * other on one database name: the one whose schema it is serves, the other answers 503 at once and a proxy asks the next.
 *
 * @example
 * const guard = new SchemaGuard('freesport-api', '13.4', { logger });
 * if (guard.owner() === 'other') return reply.code(503).send();
 */
export class SchemaGuard {
  readonly #name: ApplicationName;
  readonly #version: ReleaseVersion;
  readonly #logger: Pick<Logger, 'info'> | undefined;
  readonly #closing = new AbortController();
  readonly #ended: Promise<void>;
  #owner: SchemaOwner = 'unknown';

  constructor(
    name: ApplicationName,
    version: ReleaseVersion,
    options: { readonly logger?: Pick<Logger, 'info'> | undefined } = {},
  ) {
    this.#name = name;
    this.#version = version;
    this.#logger = options.logger;
    this.#ended = this.#watch();
  }

  owner(): SchemaOwner {
    return this.#owner;
  }

  /**
   * Refuses a new session whose database is not this release's: no statement of one release reaches the schema of the
   * other, also in the moment between the exchange and its being noticed here.
   *
   * @throws ShopError `unavailable`
   */
  async requireOwn(session: pg.ClientBase): Promise<void> {
    const { missing, unknown } = await missingMigrations(asQueryable(session), this.#version);
    if (missing.length > 0 || unknown.length > 0) throw otherRelease(this.#version, { missing, unknown });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#ended;
  }

  async #watch(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const session = new pg.Client({ ...connectionSettings(this.#name), connectionTimeoutMillis: 2_000 });
      // Of this session: the guard outlives thousands of them, and must not keep what listened for each.
      const over = new AbortController();
      const end = (): void => over.abort();
      session.once('end', end).on('error', end);
      signal.addEventListener('abort', end);
      try {
        await session.connect();
        await this.#look(session, over.signal);
      } catch {
        // Away or between two names: asked again at once, for as long as the shop runs.
      }
      signal.removeEventListener('abort', end);
      this.#become('unknown');
      await session.end().catch(() => undefined);
      await sleep(RECONNECT_PAUSE_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** A schema that is another's may be migrated under a living session; one's own changes only with the database. */
  async #look(session: pg.Client, over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      const { missing, unknown } = await missingMigrations(asQueryable(session), this.#version);
      this.#become(missing.length === 0 && unknown.length === 0 ? 'own' : 'other');
      if (this.#owner === 'own') {
        if (!over.aborted) await once(over, 'abort');
        return;
      }
      await sleep(LOOK_AGAIN_MS, undefined, { signal: over }).catch(() => undefined);
    }
  }

  #become(owner: SchemaOwner): void {
    if (owner === this.#owner) return;
    this.#owner = owner;
    this.#logger?.info({ schema: owner, release: this.#version }, 'whose schema the database has');
  }
}

/** What a request is told whose release is not the one that the database belongs to. */
export function otherRelease(version: ReleaseVersion, difference?: SchemaDifference): ShopError {
  return new ShopError(
    'unavailable',
    `the database does not have the schema of release ${version}; ask the release that runs beside, or see /api/health/ready/`,
    { details: { ...difference } },
  );
}
