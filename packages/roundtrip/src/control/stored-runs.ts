import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { type Receipt, readReceipts, saveReceipt } from '../journal/receipt.ts';
import { runPaths, type StateFolder } from '../journal/run-directory.ts';
import type { Client } from '../postgres/connection.ts';
import { copyRun, type StoredRun } from './run-copy.ts';

/** A run as a store has it; undefined where it has none of that name. */
export async function readRun(client: Client, runId: string): Promise<StoredRun | undefined> {
  const { rows } = await client.query<{ plan: string; text: string }>(
    `SELECT r.plan, coalesce(string_agg(k.line || E'\\n', '' ORDER BY k.n), '') AS text
     FROM roundtrip_control.runs r LEFT JOIN roundtrip_control.records k USING (run)
     WHERE r.run = $1 GROUP BY r.run`,
    [runId],
  );
  const [row] = rows;
  return row === undefined ? undefined : { runId, ...row };
}

/**
 * Brings a machine's copy to all that a store has: runs and receipts. A run whose every byte is the same here is not read
 * again; the server computes the digests.
 *
 * @throws Refused `journal-edited`, `journal-diverged`; Failed `journal-unwritable`.
 * @example await copyAll(client, openStateFolder('.roundtrip'));
 */
export async function copyAll(client: Client, state: StateFolder): Promise<void> {
  const { rows: runs } = await client.query<{ run: string; digest: string }>(
    `SELECT r.run, encode(sha256(convert_to(coalesce(string_agg(k.line || E'\\n', '' ORDER BY k.n), ''), 'UTF8')), 'hex') AS digest
     FROM roundtrip_control.runs r LEFT JOIN roundtrip_control.records k USING (run)
     GROUP BY r.run ORDER BY r.run`,
  );
  for (const { run, digest } of runs) {
    if (digestOfCopy(state, run) === digest) continue;
    const stored = await readRun(client, run);
    if (stored !== undefined) copyRun(state, stored);
  }
  const { rows: receipts } = await client.query<{ receipt: string }>(
    'SELECT receipt FROM roundtrip_control.receipts ORDER BY run',
  );
  const present = new Set(readReceipts(state).receipts.map(({ hash }) => hash));
  for (const { receipt } of receipts) {
    const stored = JSON.parse(receipt) as Receipt;
    if (!present.has(stored.hash)) saveReceipt(state, stored);
  }
}

function digestOfCopy(state: StateFolder, runId: string): string | undefined {
  const { journal, plan } = runPaths(state, runId);
  if (!existsSync(journal) || !existsSync(plan)) return undefined;
  return createHash('sha256').update(readFileSync(journal)).digest('hex');
}
