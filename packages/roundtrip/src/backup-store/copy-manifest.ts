import { createHash } from 'node:crypto';
import path from 'node:path';
import { Failed } from '../errors.ts';
import type { BackupManifest } from '../postgres/manifest.ts';

/** How far a backup has been proven (design, §5). T1 and T2 look at files; from T3 on it was restored and compared. */
export type TrustLevel = 'T1' | 'T2' | 'T3' | 'T4';

/** One object that holds a piece of one file of the backup. */
export interface CopiedPart {
  readonly file: string;
  readonly index: number;
  readonly key: string;
  /** As it lies in the file. */
  readonly plainBytes: number;
  /** As it lies in the store, encrypted where the copy is. */
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * What makes a heap of objects a copy: `<id>/copy.json`, written after every part was read back and found equal. Without it there
 * is no copy. Everything a stranger needs to put it together by hand: fetch the parts, `age --decrypt` each, `cat` by index.
 */
export interface CopyManifest {
  readonly format: 1;
  readonly id: string;
  readonly takenAt: string;
  readonly copiedAt: string;
  readonly database: string;
  readonly systemIdentifier: string;
  readonly serverVersion: number;
  readonly trust: TrustLevel;
  /** Of the backup's own `manifest.json`, before encryption. */
  readonly manifestSha256: string;
  /** Public keys of age that can open the parts; null: the parts are as they were in the backup. */
  readonly recipients: readonly string[] | null;
  readonly parts: readonly CopiedPart[];
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * A copy's name in its store: the same backup has the same name wherever and however often it is copied.
 *
 * @example copyId(manifest, sha) // "freesport-20261123T020000Z-1f0c9a3e"
 */
export function copyId(
  manifest: Pick<BackupManifest, 'database' | 'takenAt'>,
  manifestSha256: string,
): string {
  const at = manifest.takenAt.replaceAll(/[-:]|\.\d+/g, '');
  return `${manifest.database.replaceAll(/[^A-Za-z0-9_.-]/g, '_')}-${at}-${manifestSha256.slice(0, 8)}`;
}

/** Key of the manifest that makes a copy whole. */
export function copyManifestKey(id: string): string {
  return `${id}/copy.json`;
}

/** Key of what a later verification of the copy found. */
export function verifiedKey(id: string): string {
  return `${id}/verified.json`;
}

/** Prefix of the pins that hold a copy. */
export function pinsPrefix(id: string): string {
  return `${id}/pins/`;
}

/**
 * Reads a copy's manifest. A store is not trusted: names that lead out of a folder, or parts that leave gaps, are refused.
 *
 * @throws Failed `copy-unreadable`.
 */
export function parseCopyManifest(id: string, text: string): CopyManifest {
  try {
    const manifest = JSON.parse(text) as CopyManifest;
    if (manifest.format !== 1) throw new Error(`format ${String(manifest.format)}`);
    if (manifest.id !== id) throw new Error(`it calls itself ${manifest.id}`);
    const next = new Map<string, number>();
    for (const { file, index, key } of manifest.parts) {
      const clean = path.posix.normalize(file);
      if (clean !== file || path.posix.isAbsolute(file) || file.startsWith('..') || file.includes('\\'))
        throw new Error(`a file named ${JSON.stringify(file)}`);
      if (!key.startsWith(`${id}/parts/`)) throw new Error(`a part elsewhere, ${JSON.stringify(key)}`);
      if (index !== (next.get(file) ?? 0)) throw new Error(`part ${index} of ${file} out of order`);
      next.set(file, index + 1);
    }
    if (!next.has('manifest.json')) throw new Error('no manifest.json among its files');
    return manifest;
  } catch (cause) {
    throw new Failed({
      code: 'copy-unreadable',
      seen: `${copyManifestKey(id)}: ${(cause as Error).message}`,
      expected: 'the manifest that was written when the copy was whole',
      next: 'do not restore from it; take another copy',
      cause,
    });
  }
}
