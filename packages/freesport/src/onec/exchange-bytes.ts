import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { OnecImportError } from './errors.ts';
import type { StageRequest } from './staging/stage-message.ts';

/**
 * The size of an exchange in bytes; the cheap check before anything is opened in the database.
 *
 * @throws OnecImportError `exchange-missing` where a path is not there, `exchange-empty` where it holds no XML or zip.
 * @example await exchangeBytes('/var/1c/exchange');
 */
export async function exchangeBytes(source: StageRequest['source']): Promise<number> {
  const named = typeof source === 'string' ? await filesBelow(source) : source.files;
  const files = named.filter((file) => /\.(xml|zip)$/i.test(file));
  let bytes = 0;
  for (const file of files) bytes += (await found(file)).size;
  if (bytes > 0) return bytes;
  throw new OnecImportError({
    code: 'exchange-empty',
    seen: `${typeof source === 'string' ? source : 'the list of files'} holds no XML`,
    expected: 'the files of an exchange (.xml or .zip)',
    next: 'check that 1C has finished sending; nothing was changed',
  });
}

async function filesBelow(source: string): Promise<string[]> {
  if ((await found(source)).isFile()) return [source];
  const files: string[] = [];
  for (const entry of await readdir(source, { recursive: true, withFileTypes: true })) {
    const full = path.join(entry.parentPath, entry.name);
    if (entry.isFile()) files.push(full);
    else if (entry.isSymbolicLink()) files.push(...(await linkedFiles(full)));
  }
  return files;
}

/** A linked file, or those of a linked folder. What a link to nothing means is for the reader to say. */
async function linkedFiles(link: string): Promise<string[]> {
  if (!existsSync(link)) return [];
  if ((await found(link)).isFile()) return [link];
  const entries = await readdir(link, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
}

async function found(file: string) {
  try {
    return await stat(file);
  } catch (cause) {
    throw new OnecImportError({
      code: 'exchange-missing',
      seen: `${file} cannot be read`,
      expected: 'the folder of an exchange',
      next: 'check the path and its rights; nothing was changed',
      cause,
    });
  }
}
