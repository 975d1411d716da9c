import { existsSync, renameSync } from 'node:fs';
import path from 'node:path';

/** Where the workspace's manifest waits while the published one is being packed. */
export const WORKSPACE_MANIFEST = '.package.json.workspace';

/**
 * Brings the workspace's manifest back into `folder`; does nothing where it never left.
 *
 * @example restoreManifest('packages/roundtrip')
 */
export function restoreManifest(folder: string): void {
  const kept = path.join(folder, WORKSPACE_MANIFEST);
  if (existsSync(kept)) renameSync(kept, path.join(folder, 'package.json'));
}
