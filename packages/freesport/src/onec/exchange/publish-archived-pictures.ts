import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { zipFiles } from 'commerceml';
import { PICTURE, publishPicture } from './publish-picture.ts';
import { safeFileName } from './safe-file-name.ts';

/** Pictures of one archive together: more than any export sends, and an end to a bomb. */
const LIMITS = { bytesMax: 8 * 1024 ** 3, entriesMax: 200_000 };

/**
 * Publishes the pictures of archives: told `zip=yes`, 1C packs them together with the XML. An archive is gone through
 * once for every size that it has, however often its files are imported. A picture whose name could leave the
 * folder is left out.
 *
 * @throws CommerceMlError where an archive cannot be read.
 * @example await publishArchivedPictures(archivesIn(folder), { folder, mediaFolder: '/var/media' });
 */
export async function publishArchivedPictures(
  archives: readonly string[],
  { folder, mediaFolder }: { readonly folder: string; readonly mediaFolder: string },
): Promise<void> {
  for (const archive of archives) {
    const { size } = await stat(archive);
    const key = createHash('sha256').update(`${archive} ${size}`).digest('hex');
    const done = path.join(folder, '.parts', `${key}.pictures`);
    if (existsSync(done)) continue;
    const prefix = `${path.basename(archive)}!/`;
    for (const picture of await zipFiles(archive, path.basename(archive), LIMITS, PICTURE)) {
      const name = safeFileName(picture.name.slice(prefix.length));
      if (name !== undefined) await publishPicture(picture.chunks(), path.join(mediaFolder, name));
    }
    await mkdir(path.dirname(done), { recursive: true });
    await writeFile(done, '');
  }
}
