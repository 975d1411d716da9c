import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fastify, { type FastifyInstance } from 'fastify';
import { Logger, type Runner, run, runMigrations } from 'graphile-worker';
import pg from 'pg';
import { asQueryable, type Queryable } from '../../../src/database/database.ts';
import { onecExchangePlugin, onecExchangeTasks } from '../../../src/onec/index.ts';
import type { ShopDatabase } from '../shop-database.ts';

export const PASSWORD = 'пароль:S3cret';
/** What the sessions of the server are called in `pg_stat_activity`. */
export const SERVER_SESSIONS = 'exchange-server';
const SESSIONS_MAX = 6;
export const PART_BYTES_MAX = 64 * 1024;

/** The exchange of a shop, with its queue, and a 1C that talks to it. */
export class ExchangeServer {
  readonly root = mkdtempSync(path.join(tmpdir(), 'onec-server-'));
  readonly folder = path.join(this.root, 'received');
  readonly mediaFolder = path.join(this.root, 'media');
  readonly #shop: ShopDatabase;
  readonly #pool: pg.Pool;
  readonly #app: FastifyInstance;
  #runner: Runner | undefined;
  /** After how long an import counts as abandoned; by default none of a test does. */
  abandonedAfterMs = 3_600_000;
  /** Everything that the server has logged. */
  log = '';

  private constructor(shop: ShopDatabase) {
    this.#shop = shop;
    this.#pool = new pg.Pool({ ...shop.connection, application_name: SERVER_SESSIONS, max: SESSIONS_MAX });
    this.#pool.on('error', () => undefined);
    this.#pool.on('connect', (client) => client.on('error', () => undefined));
    this.#app = fastify({
      logger: {
        level: 'trace',
        stream: {
          write: (line: string) => {
            this.log += line;
          },
        },
      },
    });
  }

  static async start(shop: ShopDatabase): Promise<ExchangeServer> {
    const server = new ExchangeServer(shop);
    await runMigrations({ pgPool: server.#pool });
    await server.#app.register(onecExchangePlugin, {
      prefix: '/1c',
      database: server.database,
      username: '1c',
      password: PASSWORD,
      folder: server.folder,
      mediaFolder: server.mediaFolder,
      partBytesMax: PART_BYTES_MAX,
      fileBytesMax: 4 * PART_BYTES_MAX,
      patienceMs: 200,
      get abandonedAfterMs() {
        return server.abandonedAfterMs;
      },
    });
    await server.startWorker();
    return server;
  }

  get database(): Queryable {
    return {
      query: async (text, values) =>
        await asQueryable(this.#pool as unknown as pg.ClientBase).query(text, values),
    };
  }

  async startWorker(): Promise<void> {
    const { database, folder, mediaFolder } = this;
    this.#runner = await run({
      pgPool: this.#pool,
      taskList: onecExchangeTasks({ database, folder, mediaFolder, connection: this.#shop.connection }),
      concurrency: 1,
      pollInterval: 100,
      noHandleSignals: true,
      logger: new Logger(() => () => undefined),
    });
  }

  /** Waits until none of the pool's sessions is one that the database has ended. */
  async recovered(): Promise<void> {
    for (let attempt = 0; attempt < 100; attempt += 1) {
      const answers = await Promise.allSettled(
        Array.from({ length: SESSIONS_MAX }, async () => await this.database.query('SELECT 1')),
      );
      if (answers.every(({ status }) => status === 'fulfilled')) return;
    }
    throw new Error('the database has not come back after 100 attempts');
  }

  async stopWorker(): Promise<void> {
    await this.#runner?.stop();
    this.#runner = undefined;
  }

  async stop(): Promise<void> {
    await this.stopWorker();
    await this.#app.close();
    await this.#pool.end();
    rmSync(this.root, { recursive: true, force: true });
  }

  /** The lines of an answer, which is status 200 or 401. */
  async ask(cookie: string, query: string, body?: Buffer): Promise<string[]> {
    const answer = await this.#app.inject({
      method: body === undefined ? 'GET' : 'POST',
      url: `/1c/?type=catalog&${query}`,
      headers: { cookie, ...(body === undefined ? {} : { 'content-type': 'application/octet-stream' }) },
      ...(body === undefined ? {} : { payload: body }),
    });
    return answer.body.split('\n');
  }

  async login(): Promise<string> {
    const answer = await this.#app.inject({
      url: '/1c/?type=catalog&mode=checkauth',
      headers: { authorization: `Basic ${Buffer.from(`1c:${PASSWORD}`).toString('base64')}` },
    });
    const [, name, token] = answer.body.split('\n');
    return `${name}=${token}`;
  }

  /** A session that may send files. */
  async begin(): Promise<{ readonly cookie: string; readonly received: string }> {
    const cookie = await this.login();
    const [, , sessid = ''] = await this.ask(cookie, 'mode=init');
    return { cookie, received: path.join(this.folder, sessid.replace('sessid=', '')) };
  }

  /** Asks until the answer is no longer `progress`. */
  async finished(cookie: string, query: string): Promise<string[]> {
    for (let attempt = 0; attempt < 300; attempt += 1) {
      const answer = await this.ask(cookie, query);
      if (answer[0] !== 'progress') return answer;
    }
    throw new Error(`${query} is still in progress after 300 requests`);
  }
}
