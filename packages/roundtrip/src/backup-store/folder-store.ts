import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { Failed } from '../errors.ts';
import type { ObjectStore, StoredObject } from './object-store.ts';

/**
 * A store in a folder: a disk of another machine that is mounted here. Readable by the operator alone.
 *
 * @throws Failed `store-unreachable` from every method, with the system's error as cause.
 */
export function openFolderStore(root: string): ObjectStore {
  const fileOf = (key: string): string => path.join(root, ...key.split('/'));
  return {
    name: root,
    put: (key, body) => reached(root, () => writeWhole(fileOf(key), body)),
    get: (key) => reached(root, () => absentAs(undefined, readFile(fileOf(key)))),
    list: (prefix) => reached(root, () => listFiles(root, prefix)),
    delete: (keys) =>
      reached(root, async () => {
        for (const key of keys) {
          await rm(fileOf(key), { force: true });
          await removeEmptied(root, path.dirname(fileOf(key)));
        }
      }),
    lockedUntil: async () => undefined, // A folder refuses nobody.
  };
}

async function reached<T>(root: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new Failed({
      code: 'store-unreachable',
      seen: `${root}: ${(cause as Error).message}`,
      expected: 'a folder that can be read and written',
      next: 'look at the disk and its mount, then repeat the command',
      cause,
    });
  }
}

/** Under another name first, and on the disk before it gets its own: a power cut must not leave half an object. */
async function writeWhole(file: string, body: Uint8Array): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const temporary = `${file}.${randomBytes(4).toString('hex')}${UNFINISHED}`;
  const handle = await open(temporary, 'wx', 0o600);
  try {
    await handle.writeFile(body);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
}

const UNFINISHED = '.unfinished';

async function listFiles(root: string, prefix: string): Promise<StoredObject[]> {
  const entries = (await absentAs([], readdir(root, { recursive: true, withFileTypes: true }))) ?? [];
  const objects: StoredObject[] = [];
  for (const entry of entries) {
    const file = path.join(entry.parentPath, entry.name);
    const key = path.relative(root, file).split(path.sep).join('/');
    if (!entry.isFile() || !key.startsWith(prefix) || key.endsWith(UNFINISHED)) continue;
    const { size, mtime } = await stat(file);
    objects.push({ key, bytes: size, modifiedAt: mtime });
  }
  return objects.sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** A bucket has no folders: what a deleted object leaves of its path goes too. */
async function removeEmptied(root: string, folder: string): Promise<void> {
  for (let at = folder; at.startsWith(`${root}${path.sep}`); at = path.dirname(at)) {
    const rest = await absentAs([], readdir(at));
    if ((rest?.length ?? 0) > 0) return;
    await absentAs(undefined, rmdir(at));
  }
}

async function absentAs<T, U>(absent: U, work: Promise<T>): Promise<T | U> {
  try {
    return await work;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return absent;
    throw error;
  }
}
