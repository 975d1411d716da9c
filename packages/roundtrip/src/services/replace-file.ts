import { chmodSync, chownSync, existsSync, realpathSync, renameSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Replaces a file of another program's configuration: readers see the old content or the new one. Mode and owner stay, since
 * that program runs as a user of its own and the file may hold passwords; a link stays a link. The passing name
 * begins with a dot, so that no wildcard of an `include` finds it.
 */
export function replaceFile(file: string, content: string): void {
  const exists = existsSync(file);
  const place = exists ? realpathSync(file) : file;
  const fresh = path.join(path.dirname(place), `.${path.basename(place)}.roundtrip`);
  writeFileSync(fresh, content, { mode: 0o600, flush: true });
  if (exists) {
    const { mode, uid, gid } = statSync(place);
    if (process.getuid?.() === 0) chownSync(fresh, uid, gid);
    chmodSync(fresh, mode & 0o7777);
  } else {
    chmodSync(fresh, 0o644);
  }
  renameSync(fresh, place);
}
