import { existsSync, readFileSync } from 'node:fs';
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
 * another machine that is here under the same path (a shared file system) is used; whether it is the same one, its plan tells.
 *
 * @example const { folder, elsewhere } = await findRunFiles(client, state, runId);
 */
export async function findRunFiles(client: Client, state: StateFolder, runId: string): Promise<RunFiles> {
  const own = runPaths(state, runId);
  const { rows: places } = await client.query<RunPlace>(
    'SELECT host, folder FROM roundtrip_control.places WHERE run = $1 ORDER BY since, host, folder',
    [runId],
  );
  const others = places.filter(({ folder }) => folder !== own.folder);
  const plan = existsSync(own.plan) ? readFileSync(own.plan, 'utf8') : undefined;
  const isHere = ({ folder }: RunPlace): boolean => {
    const file = path.join(folder, 'plan.json');
    return existsSync(file) && readFileSync(file, 'utf8') === plan;
  };
  const folder = others.find(isHere)?.folder ?? own.folder;
  await client.query(
    'INSERT INTO roundtrip_control.places (run, host, folder) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
    [runId, hostname(), folder],
  );
  pointToFiles(state, runId, folder);
  return { folder, elsewhere: others.filter((place) => !isHere(place)) };
}
