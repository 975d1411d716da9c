import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { to as copyTo } from 'pg-copy-streams';
import type { Client } from '../postgres/connection.ts';
import { sqlTableName } from '../postgres/table-name.ts';
import type { TableFacts } from './database-facts.ts';

/** One table, or a sample of its pages, that was read as a dump reads it. */
export interface ReadSample {
  readonly table: string;
  /** Of the table's own size: what of it was read. */
  readonly bytes: number;
  readonly ms: number;
}

/** A short measurement of how fast the server gives its rows to this machine. */
export interface ReadMeasurement {
  readonly samples: readonly ReadSample[];
  /** What could not be read, and why. */
  readonly notRead: readonly string[];
}

/** No more is read altogether, so that production does not notice. */
const TOTAL_BYTES_MAX = 256 << 20;
const SAMPLE_BYTES_MAX = 64 << 20;
/** No sample begins later, and none takes longer than the second figure. */
const BEGIN_MS_MAX = 3_000;
const SAMPLE_TIMEOUT_MS = 5_000;
/** query_canceled by statement_timeout, lock_not_available, insufficient_privilege: said, and the next table is read. */
const EXPECTED = ['57014', '55P03', '42501'];

/**
 * Copies samples of the largest tables to nowhere, for about three seconds. The session must have a `lock_timeout`.
 *
 * @example const { samples } = await measureReading(client, facts.tables)
 */
export async function measureReading(
  client: Client,
  tables: readonly Pick<TableFacts, 'table' | 'bytes'>[],
): Promise<ReadMeasurement> {
  const samples: ReadSample[] = [];
  const notRead: string[] = [];
  const begun = performance.now();
  let total = 0;
  await client.query(`SET statement_timeout = ${SAMPLE_TIMEOUT_MS}`);
  for (const { table, bytes } of [...tables].sort((a, b) => b.bytes - a.bytes)) {
    if (bytes === 0 || total >= TOTAL_BYTES_MAX || performance.now() - begun >= BEGIN_MS_MAX) break;
    const share = Math.min(1, SAMPLE_BYTES_MAX / bytes);
    try {
      samples.push({ table, bytes: bytes * share, ms: await copyToNowhere(client, table, share) });
      total += bytes * share;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && EXPECTED.includes(String(error.code)))) throw error;
      notRead.push(`${table}: ${error.message}`);
    }
  }
  return { samples, notRead };
}

/** By pages, not by rows: a share of the pages is what takes that share of the time. */
async function copyToNowhere(client: Client, table: string, share: number): Promise<number> {
  const sample = share === 1 ? '' : ` TABLESAMPLE SYSTEM (${(share * 100).toFixed(6)})`;
  const rows = client.query(copyTo(`COPY (SELECT * FROM ${sqlTableName(table)}${sample}) TO STDOUT`));
  const begun = performance.now();
  await pipeline(rows, new Writable({ write: (_chunk, _encoding, done) => done() }));
  return performance.now() - begun;
}
