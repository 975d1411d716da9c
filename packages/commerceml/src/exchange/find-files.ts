import { readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { CommerceMlError } from '../errors.ts';
import { diskFile, type ExchangeFile, isSystemError } from './exchange-file.ts';
import { isArchiveName, type ZipLimits, zipFiles } from './zip-files.ts';

/** An exchange: a folder, one file or archive, or a list of files. */
export type ExchangeSource = string | { readonly files: readonly (string | ExchangeFile)[] };

/** A folder tree with more entries than this is not an exchange. */
const ENTRIES_MAX = 500_000;

/**
 * All XML documents of an exchange in no particular order: `.xml` files at any depth and the `.xml` entries of
 * `.zip` archives. Hidden files are left out, images and others ignored, archives attached to goods among them.
 *
 * @throws CommerceMlError `unreadable`, `bad-archive`, or `empty-exchange` where there is none.
 */
export async function findFiles(
  source: ExchangeSource,
  limits?: ZipLimits | undefined,
): Promise<ExchangeFile[]> {
  const files: ExchangeFile[] = [];
  const root = typeof source === 'string' ? source : '.';
  try {
    if (typeof source !== 'string') {
      const common = commonFolder(source.files.filter((file) => typeof file === 'string'));
      for (const file of source.files) {
        if (typeof file === 'string') await addPath(files, file, relativeName(common, file), limits);
        else files.push(file);
      }
    } else if ((await stat(source)).isDirectory()) {
      await addFolder(files, { root: source, folder: source }, limits);
    } else {
      await addPath(files, source, path.basename(source), limits);
    }
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new CommerceMlError(`cannot be read (${error.code})`, {
      code: 'unreadable',
      file: root,
      offset: 0,
      cause: error,
    });
  }
  if (files.length === 0) {
    throw new CommerceMlError('no .xml file and no .zip archive with one: not an exchange', {
      code: 'empty-exchange',
      file: root,
      offset: 0,
    });
  }
  return files;
}

interface Folder {
  /** Names are relative to it. */
  readonly root: string;
  readonly folder: string;
}

async function addFolder(
  files: ExchangeFile[],
  { root, folder }: Folder,
  limits: ZipLimits | undefined,
): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  if (entries.length > ENTRIES_MAX) {
    throw new CommerceMlError(`more than ${ENTRIES_MAX} files: not an exchange`, {
      code: 'limit-exceeded',
      file: root,
      offset: 0,
    });
  }
  for (const entry of entries) {
    const full = path.join(entry.parentPath, entry.name);
    const name = relativeName(root, full);
    if (entry.isDirectory() || /(^|\/)\./.test(name)) continue;
    if (!entry.isSymbolicLink() || !(await isFolder(full))) await addPath(files, full, name, limits);
    else if (await leadsOut(root, full)) await addFolder(files, { root, folder: full }, limits);
  }
}

/** A link to nothing is no folder; where it has the name of a file of the exchange, reading that is refused. */
async function isFolder(link: string): Promise<boolean> {
  try {
    return (await stat(link)).isDirectory();
  } catch (error) {
    if (isSystemError(error)) return false;
    throw error;
  }
}

/** Whether a link goes to a folder elsewhere: one within the exchange is read anyway, and one that holds it has no end. */
async function leadsOut(root: string, link: string): Promise<boolean> {
  const from = await realpath(root);
  const to = await realpath(link);
  return path.relative(from, to).startsWith('..') && path.relative(to, from).startsWith('..');
}

async function addPath(
  files: ExchangeFile[],
  full: string,
  name: string,
  limits: ZipLimits | undefined,
): Promise<void> {
  if (isArchiveName(name)) files.push(...(await zipFiles(full, name, limits)));
  else if (/\.xml$/i.test(name)) files.push(diskFile(full, name, (await stat(full)).size));
}

function relativeName(folder: string, file: string): string {
  return path.relative(folder, file).split(path.sep).join('/');
}

/** The deepest folder that holds all of the files, so that equal base names stay apart. */
function commonFolder(files: readonly string[]): string {
  let common = path.dirname(path.resolve(files[0] ?? '.'));
  for (const file of files) {
    while (path.relative(common, path.resolve(file)).startsWith('..')) common = path.dirname(common);
  }
  return common;
}
