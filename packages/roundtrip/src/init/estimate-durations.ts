import type { TableFacts } from './database-facts.ts';
import type { ReadMeasurement } from './measure-reading.ts';

/** How long the long steps may take, with how sure that is. */
export interface DurationEstimate {
  /** Reading every row once, as it was measured. */
  readonly readMs: number;
  readonly dumpMs: number;
  readonly restoreMs: number;
  /** Dump, restore and the fingerprints of both: what a verified copy takes. */
  readonly copyMs: number;
  /** The true figure is expected between copyMs / error and copyMs × error. */
  readonly error: number;
  /** Where the figures come from, in sentences. */
  readonly how: readonly string[];
}

/** Taken where nothing could be measured: a slow disk. */
const ASSUMED_BYTES_PER_MS = 20_000;
/** Under this a measurement is of the way there, not of the reading. */
const MEASURED_BYTES_MIN = 8 << 20;
/** In readings, on two sessions: dumping compresses, restoring writes and builds indexes, a fingerprint hashes (2026-11-24, docs/adr/0222). */
const DUMP_READINGS = 2;
const RESTORE_READINGS = 4;
const FINGERPRINT_READINGS = 1;
const ERROR_MEASURED = 3;
const ERROR_ASSUMED = 10;

/**
 * Times of dump, restore and copy from a short measurement. Pure. Restoring writes, so it is not measured but taken as a multiple of
 * reading: the rehearsal replaces all of this by what it really took.
 *
 * @example estimateDurations(facts.tables, measured).copyMs
 */
export function estimateDurations(
  tables: readonly Pick<TableFacts, 'bytes' | 'indexBytes'>[],
  { samples, notRead }: ReadMeasurement,
): DurationEstimate {
  const bytes = tables.reduce((sum, table) => sum + table.bytes, 0);
  const indexBytes = tables.reduce((sum, table) => sum + table.indexBytes, 0);
  const readBytes = samples.reduce((sum, sample) => sum + sample.bytes, 0);
  const spentMs = samples.reduce((sum, sample) => sum + sample.ms, 0);
  const sure = readBytes >= MEASURED_BYTES_MIN && spentMs > 0;
  const rate = sure ? readBytes / spentMs : ASSUMED_BYTES_PER_MS;
  const readMs = bytes / rate;
  const dumpMs = readMs * DUMP_READINGS;
  // Indexes are built, not read: more of them than rows makes a restore longer in proportion.
  const restoreMs = readMs * RESTORE_READINGS * Math.max(1, bytes === 0 ? 1 : indexBytes / bytes);
  const error = sure ? ERROR_MEASURED : ERROR_ASSUMED;
  const mb = (value: number): string => `${(value / 1e6).toFixed(1)} MB`;
  return {
    readMs,
    dumpMs,
    restoreMs,
    copyMs: dumpMs + restoreMs + 2 * readMs * FINGERPRINT_READINGS,
    error,
    how: [
      `${mb(bytes)} of rows and ${mb(indexBytes)} of indexes (pg_class)`,
      sure
        ? `measured: COPY of ${mb(readBytes)} to nowhere in ${Math.round(spentMs)} ms, ${((rate * 1_000) / 1e6).toFixed(0)} MB/s`
        : `too little to measure (${mb(readBytes)} read): ${((ASSUMED_BYTES_PER_MS * 1_000) / 1e6).toFixed(0)} MB/s is assumed`,
      `not measured, since nothing is written: a dump is taken as ${DUMP_READINGS} readings, a restore as ${RESTORE_READINGS}, a fingerprint as ${FINGERPRINT_READINGS}`,
      `error: up to ${error} times as long or as short; the rehearsal measures`,
      ...notRead.map((reason) => `not read: ${reason}`),
    ],
  };
}
