import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** Lower-case hex SHA-256 of a text or of bytes. */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/**
 * SHA-256 of a value's canonical JSON (RFC 8785), so that key order and white space cannot change it.
 *
 * @example digestOf({ b: 1, a: 2 }) === digestOf({ a: 2, b: 1 }) // true
 */
export function digestOf(value: unknown): string {
  return sha256(canonicalize(value) ?? 'null');
}
