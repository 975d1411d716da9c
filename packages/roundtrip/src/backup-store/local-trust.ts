import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { sha256, type TrustLevel } from './copy-manifest.ts';

/**
 * Notes beside a backup's folder how far it has been proven: `<backup>.trust.json`. Not inside, where every file is one of the
 * backup's. Bound to the manifest's hash: a note about another backup in the same place says nothing.
 */
export function writeTrust(directory: string, trust: TrustLevel, at: Date): void {
  const note = { trust, at: at.toISOString(), manifestSha256: manifestHash(directory) };
  writeFileSync(trustFile(directory), `${JSON.stringify(note)}\n`, { mode: 0o600, flush: true });
}

/** The trust level that was noted for this very backup; undefined when none was. */
export function readTrust(directory: string): TrustLevel | undefined {
  if (!existsSync(trustFile(directory))) return undefined;
  const text = readFileSync(trustFile(directory), 'utf8');
  const trust = /"trust":"(T[1-4])"/.exec(text)?.[1];
  return text.includes(manifestHash(directory)) ? (trust as TrustLevel | undefined) : undefined;
}

function trustFile(directory: string): string {
  return `${directory}.trust.json`;
}

function manifestHash(directory: string): string {
  return sha256(readFileSync(path.join(directory, 'manifest.json')));
}
