import { createHash, timingSafeEqual } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyBaseLogger, FastifyError, FastifyInstance, FastifyRequest } from 'fastify';
import type { Queryable } from '../../database/database.ts';
import { ShopError } from '../../errors.ts';
import { discardOldExchanges } from './discard-old-exchanges.ts';
import { ExchangeStore, type StoredExchange, WHOLE_CATALOGUE } from './exchange-store.ts';
import { archivesIn } from './exchange-tasks.ts';
import { PICTURE, publishPicture } from './publish-picture.ts';
import { receivePart } from './receive-part.ts';
import { safeFileName } from './safe-file-name.ts';

export interface OnecExchangeOptions {
  readonly database: Queryable;
  /** What 1C is given to log in with; without a password nobody gets in. */
  readonly username: string;
  readonly password: string;
  /** Files are received into a folder of each exchange below this one. */
  readonly folder: string;
  /** Pictures go here, where the shop serves `base_images` from; into the exchange's folder where it is not given. */
  readonly mediaFolder?: string | undefined;
  /** Largest body of one request, told to 1C; 16 MiB unless given. */
  readonly partBytesMax?: number | undefined;
  /** Largest file of all its parts; 8 GiB unless given. */
  readonly fileBytesMax?: number | undefined;
  /** How many exchanges' files are kept, this one's among them; 7 unless given. */
  readonly exchangesKept?: number | undefined;
  /** How long an import request waits for the end before it answers `progress`; 3 s unless given. */
  readonly patienceMs?: number | undefined;
  /** After how long an import that nobody works on any more is given to another worker; a minute unless given. */
  readonly abandonedAfterMs?: number | undefined;
}

const COOKIE = 'freesport_1c';
const POLL_MS = 100;
/** A worker that takes a job has the lock of the import within moments. */
const ABANDONED_AFTER_MS = 60_000;
/** From one address. A 1C logs in once an exchange; who guesses passwords does nothing else. */
const LOGINS_A_MINUTE_MAX = 30;

type Query = Readonly<Record<string, string | undefined>>;

/**
 * The exchange protocol of 1C with a site (`checkauth`, `init`, `file`, `import`, `deactivate`, `complete`) at `GET` and
 * `POST` of the prefix it is registered under. Imports run in the queue (`onecExchangeTasks`); the request is
 * answered `progress` until they end. Whatever goes wrong is `failure` and a sentence that 1C shows its user, with
 * status 200 because 1C shows nothing of others; only a wrong password is 401, and one guess too many 429 where the server
 * has @fastify/rate-limit.
 *
 * @example
 * await app.register(onecExchangePlugin, { prefix: '/1c-exchange', database, username, password, folder });
 */
export async function onecExchangePlugin(app: FastifyInstance, options: OnecExchangeOptions): Promise<void> {
  const exchange = new ExchangeProtocol(options);
  // Bodies are files of any kind: they are streamed and never parsed.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { bodyLimit: Number.MAX_SAFE_INTEGER }, (_request, payload, done) =>
    done(null, payload),
  );
  app.route({
    method: ['GET', 'POST'],
    url: '/',
    schema: { hide: true } as object,
    config: {
      rateLimit: {
        max: LOGINS_A_MINUTE_MAX,
        timeWindow: '1 minute',
        allowList: (request: FastifyRequest) => (request.query as Query).mode !== 'checkauth',
      },
    },
    errorHandler: (error: FastifyError, request, reply) => {
      const tooMany = error.statusCode === 429;
      if (!tooMany) request.log.error({ err: error }, '1C exchange failed');
      const message = tooMany
        ? `more than ${LOGINS_A_MINUTE_MAX} logins within a minute: wait, then begin again`
        : 'internal error of the shop; see its log';
      return reply
        .code(error.statusCode ?? 500)
        .type('text/plain; charset=utf-8')
        .send(`failure\n${message}`);
    },
    handler: async (request, reply) => {
      void reply.type('text/plain; charset=utf-8').header('cache-control', 'no-store');
      try {
        return await exchange.answer(request);
      } catch (error) {
        if (!(error instanceof ShopError)) request.log.error({ err: error }, '1C exchange failed');
        if (error instanceof ShopError && error.code === 'forbidden')
          void reply.code(401).header('www-authenticate', 'Basic');
        const message =
          error instanceof ShopError ? error.message : 'internal error of the shop; see its log';
        return `failure\n${message}`;
      }
    },
  });
}

class ExchangeProtocol {
  readonly #options: OnecExchangeOptions;
  readonly #store: ExchangeStore;

  constructor(options: OnecExchangeOptions) {
    this.#options = options;
    this.#store = new ExchangeStore(options.database);
  }

  async answer(request: FastifyRequest): Promise<string> {
    const query = request.query as Query;
    if (query.type !== undefined && query.type !== 'catalog') {
      throw invalid(`type=${query.type} is not exchanged here, only type=catalog`);
    }
    if (query.mode === 'checkauth') return await this.#checkauth(request);
    const exchange = await this.#authorised(request);
    switch (query.mode) {
      case 'init':
        return await this.#init(exchange, request.log);
      case 'file':
        return await this.#file(receiving(exchange), query, request);
      case 'import':
        return await this.#import(receiving(exchange), query);
      case 'deactivate':
        return await this.#await(receiving(exchange), WHOLE_CATALOGUE);
      case 'complete':
        return await this.#complete(receiving(exchange));
      default:
        throw invalid(`mode=${query.mode ?? ''} is unknown`);
    }
  }

  async #checkauth(request: FastifyRequest): Promise<string> {
    const { username, password } = this.#options;
    const [scheme, given = ''] = (request.headers.authorization ?? '').split(' ');
    const expected = Buffer.from(`${username}:${password}`).toString('base64');
    const right = scheme?.toLowerCase() === 'basic' && password !== '' && sameText(given, expected);
    if (!right) throw new ShopError('forbidden', 'wrong user or password');
    return `success\n${COOKIE}\n${await this.#store.open()}`;
  }

  async #authorised(request: FastifyRequest): Promise<StoredExchange> {
    const token = new RegExp(`(?:^|;\\s*)${COOKIE}=([\\w-]+)`).exec(request.headers.cookie ?? '')?.[1];
    const exchange = token === undefined ? undefined : await this.#store.find(token);
    if (exchange === undefined)
      throw new ShopError('forbidden', 'unknown or expired session: begin with mode=checkauth');
    return exchange;
  }

  async #init(exchange: StoredExchange, log: FastifyBaseLogger): Promise<string> {
    await this.#revive();
    const underWay = await this.#store.importUnderWay();
    if (underWay !== undefined) {
      throw new ShopError(
        'conflict',
        `the import of ${underWay} is still running; begin again when it has ended`,
      );
    }
    // What an interrupted session has left would be taken for the first parts of the new files.
    await rm(this.#folder(exchange), { recursive: true, force: true });
    await mkdir(this.#folder(exchange), { recursive: true });
    await this.#store.begin(exchange.id);
    const { folder, exchangesKept = 7 } = this.#options;
    try {
      const discarded = await discardOldExchanges(folder, exchangesKept);
      if (discarded.length > 0) log.info({ discarded }, 'files of old 1C exchanges removed');
    } catch (error) {
      // Not a reason to refuse new goods.
      log.warn({ err: error }, 'files of old 1C exchanges could not be removed');
    }
    return `zip=yes\nfile_limit=${this.#partBytesMax}\nsessid=${exchange.id}\nversion=3.1`;
  }

  async #file(exchange: StoredExchange, query: Query, request: FastifyRequest): Promise<string> {
    if (request.method !== 'POST')
      throw invalid('mode=file wants the bytes of the file as the body of a POST');
    const name = fileName(query);
    const { mediaFolder, fileBytesMax = 8 * 1024 ** 3 } = this.#options;
    const folder = this.#folder(exchange);
    const announced = Number(request.headers['content-length'] ?? Number.NaN);
    await receivePart({
      folder,
      name,
      body: (request.body as Readable | undefined) ?? request.raw,
      announcedBytes: Number.isNaN(announced) ? undefined : announced,
      partBytesMax: this.#partBytesMax,
      fileBytesMax,
    });
    if (mediaFolder !== undefined && PICTURE.test(name))
      await publishPicture(createReadStream(path.join(folder, name)), path.join(mediaFolder, name));
    return 'success';
  }

  async #import(exchange: StoredExchange, query: Query): Promise<string> {
    const name = fileName(query);
    const folder = this.#folder(exchange);
    if (!existsSync(path.join(folder, name)) && archivesIn(folder).length === 0) {
      throw invalid(`${name} has not been received in this exchange: send it with mode=file first`);
    }
    return await this.#await(exchange, name);
  }

  /** Asks for the import and waits a little: most files are imported before 1C would have to ask again. */
  async #await(exchange: StoredExchange, name: string): Promise<string> {
    await this.#revive();
    const deadline = performance.now() + (this.#options.patienceMs ?? 3_000);
    let state = await this.#store.request(exchange.id, name);
    while ((state.status === 'pending' || state.status === 'running') && performance.now() < deadline) {
      await sleep(POLL_MS);
      state = await this.#store.stateOf(exchange.id, name);
    }
    if (state.status === 'done') return `success\n${state.message}`;
    if (state.status === 'failed') return `failure\n${state.message}`;
    return `progress\n${name}: ${state.status === 'running' ? 'importing' : 'waiting for its turn'}`;
  }

  async #revive(): Promise<void> {
    await this.#store.revive(this.#options.abandonedAfterMs ?? ABANDONED_AFTER_MS);
  }

  async #complete(exchange: StoredExchange): Promise<string> {
    if (await this.#store.hasPending(exchange.id))
      return 'progress\nimports of this exchange are still running';
    await this.#store.complete(exchange.id);
    return 'success';
  }

  #folder(exchange: StoredExchange): string {
    return path.join(this.#options.folder, String(exchange.id));
  }

  get #partBytesMax(): number {
    return this.#options.partBytesMax ?? 16 * 1024 * 1024;
  }
}

/** Files and imports belong between init and complete. */
function receiving(exchange: StoredExchange): StoredExchange {
  if (exchange.status === 'receiving') return exchange;
  const why =
    exchange.status === 'authorised' ? 'mode=init has not been asked for' : 'this exchange is complete';
  throw new ShopError('conflict', `${why}; the order is checkauth, init, file, import, complete`);
}

function fileName(query: Query): string {
  const given: unknown = query.filename ?? '';
  // Given twice, a parameter is a list.
  const name = typeof given === 'string' ? safeFileName(given) : undefined;
  if (name === undefined) throw invalid(`"${String(given)}" is no name of a file of an exchange`);
  return name;
}

function sameText(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

function invalid(message: string): ShopError {
  return new ShopError('invalid', message);
}
