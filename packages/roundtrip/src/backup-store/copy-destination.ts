import { requireRecipients } from './age.ts';
import { type CopiedBackup, copyBackup } from './copy-backup.ts';
import type { TrustLevel } from './copy-manifest.ts';
import { type ObjectStore, openObjectStore, type StoreOptions } from './object-store.ts';
import { pinCopy } from './pins.ts';

/** Where and how copies are kept, as plain data of a runbook. No secrets: see `StoreOptions`. */
export interface CopyDestination {
  /** `s3://bucket/prefix`, or the absolute path of a folder on another disk. */
  readonly to: string;
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  readonly profile?: string | undefined;
  /** Public keys of age, `age1…`. Without any the copy is not encrypted. */
  readonly recipients?: readonly string[] | undefined;
  /** Nobody may delete the copy for so many days. The bucket must have been made with object lock. */
  readonly lock?: { readonly mode: 'GOVERNANCE' | 'COMPLIANCE'; readonly days: number } | undefined;
  /** Default 32 MiB. Four parts are in memory at a time. */
  readonly partBytes?: number | undefined;
}

const DAY_MS = 86_400_000;

/** Opens a destination's store. @throws Refused `bad-store`, `bad-recipient`. */
export function openDestination(
  destination: CopyDestination,
  variables?: StoreOptions['variables'],
): Promise<ObjectStore> {
  const { to, endpoint, region, profile, recipients } = destination;
  requireRecipients(recipients ?? []);
  return openObjectStore(to, { endpoint, region, profile, variables });
}

/**
 * Copies a backup to a destination and, where somebody needs it, pins it.
 *
 * @throws the errors of `copyBackup`.
 * @example await copyTo({ to: 's3://backups/shop' }, { directory, trust: 'T3', now: () => new Date() })
 */
export async function copyTo(
  destination: CopyDestination,
  options: {
    readonly directory: string;
    readonly trust: TrustLevel;
    readonly pin?: { readonly holder: string; readonly reason: string } | undefined;
    readonly signal?: AbortSignal | undefined;
    readonly log?: ((line: string) => void) | undefined;
    readonly now: () => Date;
    readonly variables?: StoreOptions['variables'];
  },
): Promise<CopiedBackup> {
  const { lock, partBytes, recipients } = destination;
  const { directory, trust, pin, signal, log, now } = options;
  const store = await openDestination(destination, options.variables);
  const until =
    lock === undefined
      ? undefined
      : { mode: lock.mode, until: new Date(now().getTime() + lock.days * DAY_MS) };
  const copied = await copyBackup({
    directory,
    store,
    trust,
    recipients,
    lock: until,
    partBytes,
    signal,
    log,
    now,
  });
  if (pin !== undefined) await pinCopy(store, copied.id, { ...pin, at: now().toISOString() }, signal);
  return copied;
}
