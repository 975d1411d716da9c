import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Names of files that are pictures of goods. */
export const PICTURE = /\.(jpe?g|png|gif|webp)$/i;

/**
 * Puts a picture where the shop serves it, whole at every moment: a visitor sees the old one or the new one.
 *
 * @example await publishPicture(createReadStream('/var/1c/7/import_files/aa/x.jpg'), '/var/media/import_files/aa/x.jpg');
 */
export async function publishPicture(content: AsyncIterable<Uint8Array>, to: string): Promise<void> {
  await mkdir(path.dirname(to), { recursive: true });
  try {
    await pipeline(Readable.from(content), createWriteStream(`${to}.new`));
    await rename(`${to}.new`, to);
  } finally {
    await rm(`${to}.new`, { force: true });
  }
}
