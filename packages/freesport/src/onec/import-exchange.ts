import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, ClientConfig } from 'pg';
import { exchangeBytes } from './exchange-bytes.ts';
import { ImportClients } from './import-clients.ts';
import { failImport } from './import-failure.ts';
import type { ImportMode } from './import-mode.ts';
import type { ImportProgress } from './import-progress.ts';
import { type MergeResult, mergeCatalogue } from './merge/merge-catalogue.ts';
import { noCounters } from './merge/merge-context.ts';
import { removeReferenceDuplicates, settleOffers } from './merge/settle-staging.ts';
import { catalogueVersion } from './session/catalogue-version.ts';
import { type EarlierImport, findEarlierImport, type SessionDetails } from './session/find-earlier-import.ts';
import { takeImportLock } from './session/import-lock.ts';
import { completeSession, openSession } from './session/import-session.ts';
import { SessionProgress } from './session/session-progress.ts';
import { appendWarnings, requireWritableLog } from './session/warning-log.ts';
import { planReadings } from './staging/plan-readings.ts';
import { stageExchange } from './staging/stage-exchange.ts';
import type { StageRequest } from './staging/stage-message.ts';
import { STAGING_SCHEMA, stagingDdl } from './staging/staging-schema.ts';

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

const MERGE_ATTEMPTS = 3;

/**
 * Imports an exchange of 1C into the catalogue. The catalogue changes in one transaction or not at all; a session row
 * says what happened either way.
 *
 * @throws OnecImportError `exchange-missing`, `exchange-empty`, `import-running`, `log-unwritable` before anything is written;
 *   `exchange-unreadable`, `import-aborted`, `import-failed` with the session failed and the catalogue as it was.
 * @example const report = await importExchange({ source: '/var/1c/exchange', mode: 'full' });
 */
export async function importExchange(options: ImportOptions): Promise<ImportReport> {
  const startedAt = performance.now();
  const bytes = await exchangeBytes(options.source);
  if (options.logFile !== undefined) await requireWritableLog(options.logFile);
  const clients = new ImportClients(options.connection);
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
      const report = await logged(done.report, { control, session: session.id, file: options.logFile });
      await control.query(`DROP SCHEMA ${STAGING_SCHEMA} CASCADE`);
      return { ...done, report, session: session.id, durationMs: Math.round(performance.now() - startedAt) };
    } catch (cause) {
      throw await failImport(cause, { ...options, control, sessionId: session.id });
    }
  } finally {
    await clients.close();
  }
}

/**
 * Appends the warnings to the log. The catalogue is committed by now, so a full disk fails no import: the report says so,
 * and the warnings are in `import_warnings` as well.
 */
async function logged(
  report: string,
  log: { readonly control: Client; readonly session: number; readonly file: string | undefined },
): Promise<string> {
  const { control, session, file } = log;
  if (file === undefined) return report;
  try {
    await appendWarnings(control, { session, file });
    return report;
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return `${report}\nThe log ${file} could not be written to its end (${error.code}); the table import_warnings has every warning of session ${session}.`;
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
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
  readonly clients: ImportClients;
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
    onProgress: (reading) => progress.tell({ stage: 'reading', ...reading }),
    signal,
  });
  const stagingMs = Math.round(performance.now() - startedAt);
  await progress.settled();
  signal?.throwIfAborted();
  progress.tell({ stage: 'merging', step: 'duplicates' });
  const [client, second] = copiers;
  const offersReady = settleOffers(second, summary);
  // If the merge fails first, its error is the one to tell.
  offersReady.catch(() => undefined);
  await removeReferenceDuplicates(client);
  const merged = await withoutDeadlock(
    async () =>
      await mergeCatalogue({
        client,
        second,
        offersReady,
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
  const groups = await control.query<{ id: string }>(
    'SELECT onec_id AS id FROM categories WHERE onec_id IS NOT NULL',
  );
  return {
    source,
    mode,
    brandPropertyIds: brands.rows.map(({ id }) => id),
    knownColors: colors.rows.map(({ name }) => name),
    knownPriceTypes: priceTypes.rows,
    knownWarehouses: warehouses.rows.map(({ id }) => id),
    knownGroups: groups.rows.map(({ id }) => id),
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
