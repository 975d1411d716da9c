import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { CommerceMlError } from 'commerceml';
import { Client, type ClientConfig } from 'pg';
import { connectionSettings } from '../database/connection-settings.ts';
import { OnecImportError } from './errors.ts';
import { exchangeBytes } from './exchange-bytes.ts';
import type { ImportMode } from './import-mode.ts';
import { type MergeResult, mergeCatalogue } from './merge/merge-catalogue.ts';
import { noCounters } from './merge/merge-context.ts';
import { removeDuplicates } from './merge/remove-duplicates.ts';
import { catalogueVersion } from './session/catalogue-version.ts';
import { type EarlierImport, findEarlierImport, type SessionDetails } from './session/find-earlier-import.ts';
import { takeImportLock } from './session/import-lock.ts';
import { completeSession, failSession, openSession, reportProgress } from './session/import-session.ts';
import { appendFailure, appendWarnings } from './session/warning-log.ts';
import { planReadings } from './staging/plan-readings.ts';
import { stageExchange } from './staging/stage-exchange.ts';
import type { StageProgress, StageRequest } from './staging/stage-message.ts';
import { STAGING_SCHEMA, stagingDdl } from './staging/staging-schema.ts';

/** Where an import is: reading, or a named step of the merge. */
export type ImportProgress =
  | ({ readonly stage: 'reading' } & StageProgress)
  | { readonly stage: 'merging'; readonly step: string };

export interface ImportOptions {
  /** The folder of an exchange, or some files of one (as the HTTP exchange delivers them). */
  readonly source: StageRequest['source'];
  readonly mode: ImportMode;
  /** JSON lines of warnings are appended to this file. */
  readonly logFile?: string | undefined;
  readonly onProgress?: ((progress: ImportProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Imports even what is known to be imported already, unchanged since. */
  readonly again?: boolean | undefined;
  /** From which size of prices and rests on they are read by a thread of their own; for tests. */
  readonly secondReadingBytesMin?: number | undefined;
  /** Settings on top of libpq's environment. */
  readonly connection?: ClientConfig | undefined;
}

/** What an import did. `products`, `variants` and `defaultVariants` count what the exchange holds. */
export interface ImportReport extends MergeResult {
  readonly session: number;
  readonly deactivated: number;
  readonly durationMs: number;
  readonly stagingMs: number;
  readonly mergeMs: number;
  readonly bytes: number;
  readonly records: Readonly<Record<string, number>>;
}

/** Above this size a thread of its own for reading pays (it costs 60 ms). */
const WORKER_BYTES_MIN = 8 * 1024 * 1024;
const PROGRESS_EVERY_MS = 1_000;
const MERGE_ATTEMPTS = 3;

/**
 * Imports an exchange of 1C into the catalogue. The catalogue changes in one transaction or not at all; a session row
 * says what happened either way.
 *
 * @throws OnecImportError `exchange-missing`, `exchange-empty`, `import-running` before anything is written;
 *   `exchange-unreadable`, `import-aborted`, `import-failed` with the session failed and the catalogue as it was.
 * @example const report = await importExchange({ source: '/var/1c/exchange', mode: 'full' });
 */
export async function importExchange(options: ImportOptions): Promise<ImportReport> {
  const startedAt = performance.now();
  const bytes = await exchangeBytes(options.source);
  const clients = new Clients(options.connection);
  try {
    const control = await clients.open();
    await takeImportLock(control);
    const directory = typeof options.source === 'string' ? options.source : options.source.files.join(', ');
    const session = await openSession(control, { mode: options.mode, directory });
    try {
      const known =
        options.again === true ? undefined : await findEarlierImport(control, { ...options, bytes });
      if (known !== undefined) {
        const done = await nothingToDo(control, session.id, known, bytes);
        return { ...done, session: session.id, durationMs: Math.round(performance.now() - startedAt) };
      }
      const done = await stageAndMerge(options, { clients, control, sessionId: session.id, bytes });
      if (options.logFile !== undefined) {
        await appendWarnings(control, { session: session.id, file: options.logFile });
      }
      await control.query(`DROP SCHEMA ${STAGING_SCHEMA} CASCADE`);
      return { ...done, session: session.id, durationMs: Math.round(performance.now() - startedAt) };
    } catch (cause) {
      throw await failed(cause, { ...options, control, sessionId: session.id });
    }
  } finally {
    await clients.close();
  }
}

/** Completes the session of an exchange that the catalogue already is; its own warnings stay with the first session. */
async function nothingToDo(
  control: Client,
  sessionId: number,
  earlier: EarlierImport,
  bytes: number,
): Promise<Omit<ImportReport, 'session' | 'durationMs'>> {
  const { digest, schema, records } = earlier;
  const report = `The catalogue already is what this exchange says (session ${earlier.session}); nothing was changed.`;
  const result: MergeResult = { ...earlier.result, counters: noCounters(), report };
  const details: SessionDetails = {
    ...result,
    records,
    bytes,
    catalogueVersion: await catalogueVersion(control),
  };
  await completeSession(control, sessionId, {
    report,
    details,
    schema,
    digest,
    warningCount: result.warningCount,
  });
  return { ...result, deactivated: 0, stagingMs: 0, mergeMs: 0, bytes, records };
}

interface Opened {
  readonly clients: Clients;
  readonly control: Client;
  readonly sessionId: number;
  readonly bytes: number;
}

async function stageAndMerge(
  options: ImportOptions,
  { clients, control, sessionId, bytes }: Opened,
): Promise<Omit<ImportReport, 'session' | 'durationMs'>> {
  const { mode, signal } = options;
  const progress = new SessionProgress(control, sessionId, options.onProgress);
  const startedAt = performance.now();
  for (const statement of stagingDdl()) await control.query(statement);
  const requests = await planReadings(await stageRequest(control, options), {
    bytes,
    bytesMin: options.secondReadingBytesMin,
  });
  const copiers = [await clients.open(), await clients.open()] as const;
  const summary = await stageExchange({
    requests,
    clients: copiers,
    threads: requests.length > 1 || bytes >= WORKER_BYTES_MIN,
    onProgress: (reading) => progress.tell({ stage: 'reading', ...reading }),
    signal,
  });
  const stagingMs = Math.round(performance.now() - startedAt);
  await progress.settled();
  signal?.throwIfAborted();
  progress.tell({ stage: 'merging', step: 'duplicates' });
  await removeDuplicates(copiers);
  const [client, second] = copiers;
  const merged = await withoutDeadlock(
    async () =>
      await mergeCatalogue({
        client,
        second,
        mode,
        summary,
        sessionId,
        bytes,
        onStep: (step) => progress.tell({ stage: 'merging', step }),
      }),
  );
  await progress.settled();
  const mergeMs = Math.round(performance.now() - startedAt) - stagingMs;
  const { records } = summary;
  return {
    ...merged,
    deactivated: merged.counters.deactivated,
    stagingMs,
    mergeMs,
    bytes: summary.bytes,
    records,
  };
}

/** What a reading needs to know of earlier exchanges: changes refer to declarations that only the first export had. */
async function stageRequest(control: Client, { source, mode }: ImportOptions): Promise<StageRequest> {
  const brands = await control.query<{ id: string }>(
    `SELECT onec_id AS id FROM properties WHERE onec_id = 'Бренд' OR name ILIKE 'бренд' ORDER BY id`,
  );
  const colors = await control.query<{ name: string }>('SELECT name FROM color_mappings ORDER BY id');
  const priceTypes = await control.query<{ id: string; name: string }>(
    'SELECT onec_id AS id, onec_name AS name FROM price_types ORDER BY price_types.id',
  );
  const warehouses = await control.query<{ id: string }>(
    'SELECT onec_id AS id FROM warehouses ORDER BY warehouses.id',
  );
  return {
    source,
    mode,
    brandPropertyIds: brands.rows.map(({ id }) => id),
    knownColors: colors.rows.map(({ name }) => name),
    knownPriceTypes: priceTypes.rows,
    knownWarehouses: warehouses.rows.map(({ id }) => id),
  };
}

/** An order may hold rows that the merge wants, the other way round; PostgreSQL then ends one of the two. */
async function withoutDeadlock<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const deadlock = error instanceof Error && 'code' in error && error.code === '40P01';
      if (!deadlock || attempt === MERGE_ATTEMPTS) throw error;
      await sleep(100 * attempt);
    }
  }
}

/** Writes progress into the session once a second, never two writes at a time. */
class SessionProgress {
  readonly #control: Client;
  readonly #sessionId: number;
  readonly #onProgress: ((progress: ImportProgress) => void) | undefined;
  #writing: Promise<void> = Promise.resolve();
  #failure: unknown;
  #busy = false;
  #writtenAt = Number.NEGATIVE_INFINITY;

  constructor(
    control: Client,
    sessionId: number,
    onProgress: ((progress: ImportProgress) => void) | undefined,
  ) {
    this.#control = control;
    this.#sessionId = sessionId;
    this.#onProgress = onProgress;
  }

  tell(progress: ImportProgress): void {
    this.#onProgress?.(progress);
    // The last statement of the merge holds the session's row until COMMIT: nothing more is written from here then.
    const last = progress.stage === 'merging' && progress.step === 'session';
    if (last || this.#busy || performance.now() - this.#writtenAt < PROGRESS_EVERY_MS) return;
    this.#busy = true;
    this.#writtenAt = performance.now();
    this.#writing = reportProgress(this.#control, this.#sessionId, { progress }).then(
      () => {
        this.#busy = false;
      },
      (error: unknown) => {
        this.#failure ??= error;
      },
    );
  }

  /** Waits for the last write. A failed one means that the lock's connection is gone, and with it the lock. */
  async settled(): Promise<void> {
    await this.#writing;
    if (this.#failure !== undefined) throw this.#failure;
  }
}

/** The connections of one import. */
class Clients {
  readonly #config: ClientConfig;
  readonly #opened: Client[] = [];

  constructor(config: ClientConfig | undefined) {
    const name = `freesport-import-${randomUUID().slice(0, 8)}`;
    this.#config = { ...connectionSettings('freesport-command'), application_name: name, ...config };
  }

  async open(): Promise<Client> {
    const client = new Client(this.#config);
    // A connection that is ended between two statements emits here; the next statement reports it.
    client.on('error', () => undefined);
    await client.connect();
    this.#opened.push(client);
    return client;
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#opened.map((client) => client.end()));
  }
}

interface Failing extends ImportOptions {
  readonly control: Client;
  readonly sessionId: number;
}

/** Fails the session and says why; what cannot be written any more does not hide the first error. */
async function failed(cause: unknown, failing: Failing): Promise<OnecImportError> {
  const error = explained(cause, failing);
  try {
    await failSession(failing.control, failing.sessionId, error.message);
    await failing.control.query(`DROP SCHEMA IF EXISTS ${STAGING_SCHEMA} CASCADE`);
    if (failing.logFile !== undefined) {
      const { file = null, offset = null } = cause instanceof CommerceMlError ? cause : {};
      await appendFailure(failing.logFile, {
        session: failing.sessionId,
        code: error.reason,
        subject: null,
        file,
        byteOffset: offset,
        message: error.message,
      });
    }
  } catch {
    // The connection is gone; the next import finds the session without a process and fails it.
  }
  return error;
}

function explained(cause: unknown, { sessionId, signal }: Failing): OnecImportError {
  if (cause instanceof OnecImportError) return cause;
  const fields = { session: sessionId };
  if (cause instanceof CommerceMlError) {
    const { file, offset, line, code } = cause;
    return new OnecImportError({
      code: 'exchange-unreadable',
      seen: cause.message,
      expected: 'whole, well-formed CommerceML files',
      next: 'have 1C send the exchange again; the catalogue was not changed',
      fields: { ...fields, file, offset, line, defect: code },
      cause,
    });
  }
  if (signal?.aborted === true) {
    return new OnecImportError({
      code: 'import-aborted',
      seen: 'the import was stopped',
      expected: 'to run to its end',
      next: 'start it again; the catalogue was not changed',
      fields,
      cause,
    });
  }
  const message = cause instanceof Error ? cause.message : String(cause);
  return new OnecImportError({
    code: 'import-failed',
    seen: `the database refused: ${message}`,
    expected: 'every statement of the import to succeed',
    next: 'look at the cause; a COMMIT whose answer was lost shows as a completed session, everything else changed nothing',
    fields,
    cause,
  });
}
