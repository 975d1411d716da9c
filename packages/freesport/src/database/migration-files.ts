import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type ReleaseVersion, releaseRoot } from '../release.ts';

/** One migration as it lies in the release: `name` is unique over all folders and sorts in the order of application. */
export interface MigrationFile {
  /** For example `legacy/0001_people`. */
  readonly name: string;
  readonly sha256: string;
  readonly sql: string;
}

/** The folders that make a database of each release, in order. */
const FOLDERS: Readonly<Record<ReleaseVersion, readonly string[]>> = {
  '13.3': ['legacy'],
  '13.4': ['legacy', 'variants'],
};

/**
 * The migrations of `version` that this tree holds, in order. A 13.3 tree has none of 13.4's.
 *
 * @example
 * migrationFiles('13.3').map((file) => file.name); // ['legacy/0001_people', ...]
 */
export function migrationFiles(version: ReleaseVersion, root: string = releaseRoot): MigrationFile[] {
  const files: MigrationFile[] = [];
  for (const folder of FOLDERS[version]) {
    const directory = path.join(root, 'migrations', folder);
    if (!existsSync(directory)) continue;
    for (const file of readdirSync(directory)
      .filter((entry) => entry.endsWith('.sql'))
      .sort()) {
      const sql = readFileSync(path.join(directory, file), 'utf8');
      files.push({
        name: `${folder}/${file.slice(0, -'.sql'.length)}`,
        sha256: createHash('sha256').update(sql).digest('hex'),
        sql,
      });
    }
  }
  return files;
}
