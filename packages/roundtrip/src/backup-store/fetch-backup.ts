import { existsSync, mkdirSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { Failed, Refused } from '../errors.ts';
import { type BackupManifest, verifyManifest } from '../postgres/manifest.ts';
import type { PartOpener } from './age.ts';
import {
  type CopiedPart,
  type CopyManifest,
  copyManifestKey,
  parseCopyManifest,
  sha256,
} from './copy-manifest.ts';
import type { ObjectStore } from './object-store.ts';

export interface FetchBackupOptions {
  readonly store: ObjectStore;
  readonly id: string;
  /** A folder that does not exist yet. */
  readonly directory: string;
  /** For a copy that is encrypted. */
  readonly opener?: PartOpener | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Brings a copy back as a folder that the restore takes, at trust level T1: every part has its SHA-256, and every file the one
 * that the backup's own manifest claims. That manifest is written last: a fetch that was cut is no backup.
 *
 * @throws Refused `directory-exists`, `identity-missing`, `no-copy`; Failed `copy-corrupt`, `copy-unreadable`, `identity-wrong`, `backup-corrupt`.
 * @example await fetchBackup({ store, id: 'shop-20261123T020000Z-1f0c9a3e', directory: '/restore/shop' })
 */
export async function fetchBackup(options: FetchBackupOptions): Promise<BackupManifest> {
  const { store, id, directory, opener, signal } = options;
  if (existsSync(directory))
    throw new Refused({
      code: 'directory-exists',
      seen: `${directory} exists`,
      expected: 'a folder that is not there yet',
      next: 'name another one',
    });
  const copy = await readCopy(store, id, signal);
  if (copy.recipients !== null && opener === undefined)
    throw new Refused({
      code: 'identity-missing',
      seen: `the copy is encrypted to ${copy.recipients.join(', ')}`,
      expected: 'the identity file of one of them',
      next: 'name it with --identity',
    });
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const files = Map.groupBy(copy.parts, (part) => part.file);
  const last = files.get('manifest.json') ?? [];
  files.delete('manifest.json');
  for (const [file, parts] of [...files, ['manifest.json', last] as const]) {
    const target = path.join(directory, file);
    mkdirSync(path.dirname(target), { recursive: true, mode: 0o700 });
    const handle = await open(target, 'wx', 0o600);
    try {
      for (const part of parts)
        await handle.writeFile(await fetchPart(options, part, copy.recipients !== null));
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
  return verifyManifest(directory);
}

/**
 * The manifest of one copy.
 *
 * @throws Refused `no-copy` when there is none or it is not whole; Failed `copy-unreadable`.
 */
export async function readCopy(store: ObjectStore, id: string, signal?: AbortSignal): Promise<CopyManifest> {
  const body = await store.get(copyManifestKey(id), signal);
  if (body !== undefined) return parseCopyManifest(id, Buffer.from(body).toString());
  throw new Refused({
    code: 'no-copy',
    seen: `${store.name} has no whole copy ${id}`,
    expected: 'a copy that `roundtrip backup list` names as whole',
    next: 'list the store; an upload that was cut is finished by `roundtrip backup copy`',
  });
}

async function fetchPart(
  { store, opener, signal }: FetchBackupOptions,
  part: CopiedPart,
  encrypted: boolean,
): Promise<Uint8Array> {
  const body = await store.get(part.key, signal);
  if (body === undefined || sha256(body) !== part.sha256)
    throw new Failed({
      code: 'copy-corrupt',
      seen: `${store.name}: ${part.key} ${body === undefined ? 'is missing' : 'has other content'}`,
      expected: 'the part as it was written',
      next: 'do not restore from it; take another copy',
    });
  return encrypted && opener !== undefined ? opener.open(body) : body;
}
