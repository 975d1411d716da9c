import { pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify(pbkdf2);

/** Django 5.2's figure, so that hashes made here and by the original mean the same. */
const ITERATIONS = 1_000_000;
const ALGORITHM = 'pbkdf2_sha256';
const KEY_BYTES = 32;

/**
 * A password as `users.password` holds it, in Django's format `pbkdf2_sha256$iterations$salt$hash`.
 *
 * @example
 * await hashPassword('correct horse'); // 'pbkdf2_sha256$1000000$…$…'
 */
export async function hashPassword(password: string, iterations: number = ITERATIONS): Promise<string> {
  const salt = randomBytes(16).toString('base64url');
  const key = await derive(password, salt, iterations, KEY_BYTES, 'sha256');
  return [ALGORITHM, iterations, salt, key.toString('base64')].join('$');
}

/**
 * Whether `password` is the one behind `stored`. False for formats other than Django's default; an unusable password
 * ("!…") matches nothing.
 *
 * @example
 * if (!(await passwordMatches('correct horse', user.password))) return reply.code(401).send();
 */
export async function passwordMatches(password: string, stored: string): Promise<boolean> {
  const [algorithm, iterations, salt, hash] = stored.split('$');
  if (algorithm !== ALGORITHM || salt === undefined || hash === undefined) return false;
  const expected = Buffer.from(hash, 'base64');
  const rounds = Number(iterations);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 10_000_000 || expected.length !== KEY_BYTES)
    return false;
  return timingSafeEqual(await derive(password, salt, rounds, KEY_BYTES, 'sha256'), expected);
}
