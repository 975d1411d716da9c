import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * The key that signs cookies: the content of `file`, made with mode 0600 where it is missing. Processes of one shop share
 * the file, so a cookie is good in both releases and after a restart.
 *
 * @example
 * const secret = signingSecret('/var/lib/freesport/secret');
 */
export function signingSecret(file: string): string {
  mkdirSync(path.dirname(file), { recursive: true });
  try {
    writeFileSync(file, randomBytes(48).toString('base64url'), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readFileSync(file, 'utf8').trim();
}
