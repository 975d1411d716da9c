import { readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { CommerceMlError } from '../errors.ts';
import { diskFile, type ExchangeFile, isSystemError } from './exchange-file.ts';
import { isArchiveName, type ZipLimits, zipFiles } from './zip-files.ts';

/** An exchange: a folder, one file or archive, or a list of files. */
export type ExchangeSource = string | { readonly files: readonly (string | ExchangeFile)[] };

/** A folder tree with more entries than this is not an exchange. */
const ENTRIES_MAX = 500_000;

/** A document or an archive of an exchange, on disk. */
interface FoundPath {
  readonly path: string;
  /** Relative to the exchange. */
  readonly name: string;
  readonly bytes: number;
}

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
  const files = await readable(source, async () => {
    const opened = typeof source === 'string' ? [] : source.files.filter((file) => typeof file !== 'string');
    for (const { path: found, name, bytes } of await findPaths(source)) {
      if (isArchiveName(name)) opened.push(...(await zipFiles(found, name, limits)));
      else opened.push(diskFile(found, name, bytes));
    }
    return opened;
  });
  if (files.length > 0) return files;
  throw new CommerceMlError('no .xml file and no .zip archive with one: not an exchange', {
    code: 'empty-exchange',
    file: rootOf(source),
    offset: 0,
  });
}

/**
 * The bytes on disk of what `readExchange` would read, archives as they are: cheap, nothing is opened. 0 where there is nothing.
 *
 * @throws CommerceMlError `unreadable` where something is not there or may not be read.
 * @example await exchangeSize('/var/1c/exchange'); // 5_051_234_567
 */
export async function exchangeSize(source: ExchangeSource): Promise<number> {
  const paths = await readable(source, async () => await findPaths(source));
  return paths.reduce((sum, { bytes }) => sum + bytes, 0);
}

async function findPaths(source: ExchangeSource): Promise<FoundPath[]> {
  const found: FoundPath[] = [];
  if (typeof source !== 'string') {
    const named = source.files.filter((file) => typeof file === 'string');
    const common = commonFolder(named);
    for (const file of named) await addPath(found, file, relativeName(common, file));
  } else if ((await stat(source)).isDirectory()) {
    await addFolder(found, { root: source, folder: source });
  } else {
    await addPath(found, source, path.basename(source));
  }
  return found;
}

async function readable<T>(source: ExchangeSource, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new CommerceMlError(`cannot be read (${error.code})`, {
      code: 'unreadable',
      file: error.path ?? rootOf(source),
      offset: 0,
      cause: error,
    });
  }
}

function rootOf(source: ExchangeSource): string {
  return typeof source === 'string' ? source : '.';
}

interface Folder {
  /** Names are relative to it. */
  readonly root: string;
  readonly folder: string;
}

async function addFolder(found: FoundPath[], { root, folder }: Folder): Promise<void> {
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
    if (!entry.isSymbolicLink() || !(await isFolder(full))) await addPath(found, full, name);
    else if (await leadsOut(root, full)) await addFolder(found, { root, folder: full });
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

async function addPath(found: FoundPath[], full: string, name: string): Promise<void> {
  if (!isArchiveName(name) && !/\.xml$/i.test(name)) return;
  found.push({ path: full, name, bytes: (await stat(full)).size });
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
