import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { pointToFiles, runPaths, type StateFolder } from '../journal/run-directory.ts';
import type { Client } from '../postgres/connection.ts';

/** A folder on a machine in which a run has kept files. */
export interface RunPlace {
  readonly host: string;
  readonly folder: string;
}

/** Where the files of a run are: its backup, its dumps, its samples. */
export interface RunFiles {
  readonly folder: string;
  /** Machines that carried the run on before, whose folders are not to be seen from here. */
  readonly elsewhere: readonly RunPlace[];
}

/**
 * Finds the files of a run that other machines may have carried on, and says in the store that this one does now. A folder of
 * another machine that is here under the same path (a shared file system) is used. Whether it is that folder, and not
 * one of this machine of the same name, tells a file in it that no copy has.
 *
 * @example const { folder, elsewhere } = await findRunFiles(client, state, runId);
 */
export async function findRunFiles(client: Client, state: StateFolder, runId: string): Promise<RunFiles> {
  const { folder: own } = runPaths(state, runId);
  const { rows: places } = await client.query<RunPlace & { readonly mark: string }>(
    'SELECT host, folder, mark FROM roundtrip_control.places WHERE run = $1 ORDER BY since, host, folder',
    [runId],
  );
  const isHere = ({ folder, mark }: (typeof places)[number]): boolean => markOf(folder) === mark;
  const folder = places.find(isHere)?.folder ?? own;
  const mark = markOf(folder) ?? setMark(folder);
  await client.query(
    'INSERT INTO roundtrip_control.places (run, host, folder, mark) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING',
    [runId, hostname(), folder, mark],
  );
  pointToFiles(state, runId, folder);
  const elsewhere = places
    .filter((place) => !isHere(place))
    .map(({ host, folder: at }) => ({ host, folder: at }));
  return { folder, elsewhere };
}

function markFile(folder: string): string {
  return path.join(folder, 'place');
}

function markOf(folder: string): string | undefined {
  return existsSync(markFile(folder)) ? readFileSync(markFile(folder), 'utf8') : undefined;
}

function setMark(folder: string): string {
  const mark = randomUUID();
  writeFileSync(markFile(folder), mark, { mode: 0o600, flush: true });
  return mark;
}
