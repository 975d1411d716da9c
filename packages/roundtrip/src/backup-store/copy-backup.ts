import { createHash, randomBytes } from 'node:crypto';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { Failed } from '../errors.ts';
import { readManifest } from '../postgres/manifest.ts';
import { encryptFor, requireRecipients } from './age.ts';
import {
  type CopiedPart,
  type CopyManifest,
  copyId,
  copyManifestKey,
  parseCopyManifest,
  sha256,
  type TrustLevel,
} from './copy-manifest.ts';
import { limitConcurrency } from './limit-concurrency.ts';
import type { ObjectLock, ObjectStore } from './object-store.ts';
import { isVerified } from './retention.ts';
import { openUploadProgress, type UploadProgress } from './upload-progress.ts';
import { noteVerified } from './verified.ts';

/** A compromise, not measured: what is sent again after a fault, against requests a backup. Four are in memory at a time. */
const PART_BYTES = 32 << 20;
const AT_ONCE = 4;
const ARRIVALS_MAX = 3;

export interface CopyBackupOptions {
  /** The folder of a finished backup. */
  readonly directory: string;
  readonly store: ObjectStore;
  readonly trust: TrustLevel;
  /** Public keys of age; without any the copy is not encrypted. */
  readonly recipients?: readonly string[] | undefined;
  readonly lock?: ObjectLock | undefined;
  readonly partBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly log?: ((line: string) => void) | undefined;
  readonly now: () => Date;
}

export interface CopiedBackup {
  readonly id: string;
  readonly parts: number;
  /** Parts that an earlier, killed upload had brought over. */
  readonly partsResumed: number;
  readonly bytes: number;
  /** Of the copy's own manifest: whoever has noted it can tell a copy that somebody exchanged. */
  readonly copySha256: string;
}

/**
 * Copies a backup into a store: part by part, each with its SHA-256, each read back and compared; the manifest that makes
 * the parts a copy comes last and is read back too. Killed or interrupted at any point there is no copy, and the same call goes on
 * where it was. A copy that is whole already is left alone.
 *
 * @throws Failed `backup-incomplete`, `backup-corrupt`, `copy-differs`, `lock-ignored` and those of the store; Refused `bad-recipient`.
 * @example await copyBackup({ directory, store, trust: 'T3', recipients: ['age1…'], now: () => new Date() })
 */
export async function copyBackup(options: CopyBackupOptions): Promise<CopiedBackup> {
  const { directory, store, recipients = [], lock, signal, now } = options;
  requireRecipients(recipients);
  const manifest = readManifest(directory);
  const manifestSha256 = sha256(await readFile(path.join(directory, 'manifest.json')));
  const id = copyId(manifest, manifestSha256);
  const whole = await store.get(copyManifestKey(id), signal);
  if (whole !== undefined) {
    const copy = parseCopyManifest(id, Buffer.from(whole).toString());
    const { trust } = options;
    if (!isVerified(copy) && isVerified({ trust }))
      await noteVerified(store, id, { trust, at: now(), signal });
    return summary(copy, whole, 0);
  }

  const encrypted = recipients.length === 0 ? null : recipients;
  const partBytes = options.partBytes ?? PART_BYTES;
  const heading = { store: store.name, id, partBytes, recipients: encrypted };
  const progress = openUploadProgress(directory, heading, randomBytes(4).toString('hex'));
  const upload = new Upload(options, { id, partBytes, progress });
  const files = [
    ...manifest.files,
    { path: 'manifest.json', sha256: manifestSha256 }, // Last, as in the backup itself.
  ];
  const parts = await upload.files(files);
  const copy: CopyManifest = {
    format: 1,
    id,
    takenAt: manifest.takenAt,
    copiedAt: now().toISOString(),
    database: manifest.database,
    systemIdentifier: manifest.systemIdentifier,
    serverVersion: manifest.serverVersion,
    trust: options.trust,
    manifestSha256,
    recipients: encrypted,
    parts,
  };
  const body = Buffer.from(`${JSON.stringify(copy)}\n`);
  if (lock !== undefined) await requireLocked(store, parts[0]?.key ?? '', lock, signal);
  await store.put(copyManifestKey(id), body, { sha256: sha256(body), lock, signal });
  await requireArrived(store, copyManifestKey(id), sha256(body), signal);
  progress.forget();
  return summary(copy, body, upload.resumed);
}

function summary(copy: CopyManifest, body: Uint8Array, partsResumed: number): CopiedBackup {
  return {
    id: copy.id,
    parts: copy.parts.length,
    partsResumed,
    bytes: copy.parts.reduce((sum, part) => sum + part.bytes, 0),
    copySha256: sha256(body),
  };
}

class Upload {
  resumed = 0;
  readonly #options: CopyBackupOptions;
  readonly #how: { readonly id: string; readonly partBytes: number; readonly progress: UploadProgress };

  constructor(
    options: CopyBackupOptions,
    how: { readonly id: string; readonly partBytes: number; readonly progress: UploadProgress },
  ) {
    this.#options = options;
    this.#how = how;
  }

  /** Small files go side by side as the parts of a large one do: what a store takes longest for is the next request. */
  async files(files: readonly { readonly path: string; readonly sha256: string }[]): Promise<CopiedPart[]> {
    const run = limitConcurrency(AT_ONCE);
    const parts: CopiedPart[][] = [];
    try {
      for (const file of files) {
        const ofFile: CopiedPart[] = [];
        parts.push(ofFile);
        await this.#file(file.path, file.sha256, (index, plain) =>
          run.add(async () => {
            ofFile[index] = await this.#part(file.path, index, plain);
          }),
        );
      }
      await run.finish();
    } finally {
      await run.settle();
    }
    return parts.flat();
  }

  /** Reads a file once, hashing it on the way: what is copied is what the backup's manifest says, or nothing. */
  async #file(
    name: string,
    expected: string,
    send: (index: number, plain: Uint8Array) => Promise<void>,
  ): Promise<void> {
    const { directory, store, signal } = this.#options;
    const { partBytes } = this.#how;
    const hash = createHash('sha256');
    const handle = await openFile(directory, name);
    try {
      const { size } = await handle.stat();
      // An empty file is one empty part: it must be there after a restore.
      for (let index = 0; index === 0 || index * partBytes < size; index += 1) {
        if (signal?.aborted === true) throw interrupted(store);
        const plain = await readPart(handle, Math.min(partBytes, size - index * partBytes));
        hash.update(plain);
        await send(index, plain);
      }
    } finally {
      await handle.close();
    }
    if (hash.digest('hex') === expected) return;
    throw new Failed({
      code: 'backup-corrupt',
      seen: `${directory}: ${name} has other content`,
      expected: 'the files as they were written',
      next: 'make another backup; what was copied of this one never becomes a copy',
      fields: { problems: [name] },
    });
  }

  async #part(file: string, index: number, plain: Uint8Array): Promise<CopiedPart> {
    const { store, recipients = [], signal, log } = this.#options;
    const { id, progress } = this.#how;
    const known = progress.find(file, index);
    if (known !== undefined && (await arrivedAs(store, known.key, signal)) === known.sha256) {
      this.resumed += 1;
      return known;
    }
    const body = recipients.length === 0 ? plain : await encryptFor(recipients, plain);
    const number = String(index).padStart(6, '0');
    const part: CopiedPart = {
      file,
      index,
      key: `${id}/parts/${progress.attempt}/${file}.${number}${recipients.length === 0 ? '' : '.age'}`,
      plainBytes: plain.byteLength,
      bytes: body.byteLength,
      sha256: sha256(body),
    };
    for (let tried = 1; !(await this.#arrives(part, body)); tried += 1) {
      log?.(`${part.key} came back different from what was sent (attempt ${tried} of ${ARRIVALS_MAX})`);
      if (tried === ARRIVALS_MAX) throw differs(store, part.key);
    }
    progress.note(part);
    return part;
  }

  /** Sends a part and reads it back: whether the store noticed a difference itself, or we do, is one thing. */
  async #arrives(part: CopiedPart, body: Uint8Array): Promise<boolean> {
    const { store, lock, signal } = this.#options;
    try {
      await store.put(part.key, body, { sha256: part.sha256, lock, signal });
    } catch (error) {
      if (error instanceof Failed && error.code === 'copy-differs') return false;
      throw error;
    }
    return (await arrivedAs(store, part.key, signal)) === part.sha256;
  }
}

function interrupted(store: ObjectStore): Failed {
  return new Failed({
    code: 'process-aborted',
    seen: `${store.name}: interrupted`,
    expected: 'an end by itself',
    next: 'repeat the command: what has arrived already is not sent again',
  });
}

async function openFile(directory: string, name: string): Promise<FileHandle> {
  try {
    return await open(path.join(directory, name), 'r');
  } catch (cause) {
    throw new Failed({
      code: 'backup-corrupt',
      seen: `${directory}: ${name}: ${(cause as Error).message}`,
      expected: 'every file that the manifest names',
      next: 'make another backup',
      fields: { problems: [name] },
      cause,
    });
  }
}

/** Up to `bytes` of what is left: a single read may bring less than is there. */
async function readPart(handle: FileHandle, bytes: number): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafe(bytes);
  let filled = 0;
  while (filled < bytes) {
    const { bytesRead } = await handle.read(buffer, filled, bytes - filled, null);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

async function arrivedAs(
  store: ObjectStore,
  key: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const back = await store.get(key, signal);
  return back === undefined ? undefined : sha256(back);
}

async function requireArrived(
  store: ObjectStore,
  key: string,
  expected: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  if ((await arrivedAs(store, key, signal)) !== expected) throw differs(store, key);
}

function differs(store: ObjectStore, key: string): Failed {
  return new Failed({
    code: 'copy-differs',
    seen: `${store.name}: ${key} reads back different from what was sent`,
    expected: 'the same bytes',
    next: 'do not trust this store or the way to it until you know why; the backup itself is untouched',
  });
}

/** Many stores take the request for a lock and do nothing: asked before the manifest is written, so that no copy claims it. */
async function requireLocked(
  store: ObjectStore,
  key: string,
  lock: ObjectLock,
  signal: AbortSignal | undefined,
): Promise<void> {
  const until = await store.lockedUntil(key, signal);
  // Stores keep whole seconds.
  if (until !== undefined && until.getTime() >= lock.until.getTime() - 1000) return;
  throw new Failed({
    code: 'lock-ignored',
    seen: `${store.name}: ${key} is locked until ${until?.toISOString() ?? 'never: not locked at all'}`,
    expected: `a lock until ${lock.until.toISOString()}`,
    next: 'use a bucket that was created with object lock, or leave the lock out',
  });
}
