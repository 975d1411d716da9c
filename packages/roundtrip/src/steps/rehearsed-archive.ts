import { existsSync, rmSync } from 'node:fs';
import { archiveFolder } from '../postgres/manifest.ts';
import type { StepContext } from './step-kind.ts';

/**
 * Removes the rows of a rehearsal's dump once it is undone, and leaves the manifest that its evidence speaks of: staging
 * is thrown away, and ten rehearsals must not fill a disk with dumps of it. A live run's dump is left alone.
 *
 * @example dropRehearsedArchive(context, backupDirectory(context.runDirectory)) // whether the dump is still there
 */
export function dropRehearsedArchive(context: StepContext, directory: string): boolean {
  const archive = archiveFolder(directory);
  if (context.runKind === 'rehearsal') rmSync(archive, { recursive: true, force: true });
  return existsSync(archive);
}
