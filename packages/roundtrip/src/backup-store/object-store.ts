import path from 'node:path';
import { Refused } from '../errors.ts';
import { openFolderStore } from './folder-store.ts';

/** One object of a store. `modifiedAt` is by the store's own clock. */
export interface StoredObject {
  readonly key: string;
  readonly bytes: number;
  readonly modifiedAt: Date;
}

/**
 * Where copies of backups are kept: a bucket of any S3-compatible store, or a folder of a mounted disk. Keys are relative to the
 * store's prefix. An object is whole or absent: a put that dies half-way leaves nothing under its key.
 */
export interface ObjectStore {
  /** As the operator wrote it: `s3://bucket/prefix`. */
  readonly name: string;
  /** Writes an object whole. `sha256` (hex) is sent along, so that a store that can compares it on arrival. */
  put(key: string, body: Uint8Array, options: PutOptions): Promise<void>;
  /** The whole object, or undefined where there is none. */
  get(key: string, signal?: AbortSignal): Promise<Uint8Array | undefined>;
  /** Every object under a prefix, all pages. */
  list(prefix: string, signal?: AbortSignal): Promise<readonly StoredObject[]>;
  /** Absent keys are no error. */
  delete(keys: readonly string[], signal?: AbortSignal): Promise<void>;
  /** Until when the store itself refuses to delete an object; undefined when it would not refuse. */
  lockedUntil(key: string, signal?: AbortSignal): Promise<Date | undefined>;
}

export interface PutOptions {
  readonly sha256: string;
  /** Object lock: nobody may delete the object before. Needs a bucket made with object lock. */
  readonly lock?: ObjectLock | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** GOVERNANCE may be lifted by who has the right to; COMPLIANCE by nobody, the owner of the account included. */
export interface ObjectLock {
  readonly mode: 'GOVERNANCE' | 'COMPLIANCE';
  readonly until: Date;
}

/** How to reach a store beyond its name. No secrets: those are in the AWS chain (environment, profile, machine role). */
export interface StoreOptions {
  /** URL of a store that is not Amazon's; addressed by path. */
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  /** Section of the AWS credentials file. */
  readonly profile?: string | undefined;
  /** Where AWS_* variables are looked up; default the environment of this process. */
  readonly variables?: Readonly<Record<string, string | undefined>> | undefined;
}

/**
 * Opens the store that a name means: `s3://bucket/prefix`, or the absolute path of a folder.
 *
 * @throws Refused `bad-store` for any other name.
 * @example await openObjectStore('s3://backups/shop', { endpoint: 'https://s3.example.org' })
 */
export async function openObjectStore(name: string, options: StoreOptions = {}): Promise<ObjectStore> {
  if (path.isAbsolute(name)) return openFolderStore(name);
  const match = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(name);
  if (match?.[1] === undefined)
    throw new Refused({
      code: 'bad-store',
      seen: `"${name}"`,
      expected: 's3://bucket/prefix, or the absolute path of a folder on another disk',
      next: 'correct the name of the store',
    });
  // Loaded when it is needed: the SDK is the heaviest thing that the command line could load.
  const { openS3Store } = await import('./s3-store.ts');
  const prefix = (match[2] ?? '').replace(/\/+$/, '');
  return openS3Store({ name, bucket: match[1], prefix: prefix === '' ? '' : `${prefix}/`, ...options });
}
