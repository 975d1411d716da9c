import { readFileSync, statSync } from 'node:fs';
import { Decrypter, Encrypter } from 'age-encryption';
import { Failed, Refused } from '../errors.ts';

/**
 * Encrypts one part to all recipients, as a whole age file: `age --decrypt` opens it without us.
 *
 * @throws Refused `bad-recipient`.
 * @example await encryptFor(['age1…'], part)
 */
export async function encryptFor(recipients: readonly string[], part: Uint8Array): Promise<Uint8Array> {
  return encrypterFor(recipients).encrypt(part);
}

/** Refuses recipients that age does not know, before anything is read: `age1…` public keys only. */
export function requireRecipients(recipients: readonly string[]): void {
  encrypterFor(recipients);
}

function encrypterFor(recipients: readonly string[]): Encrypter {
  const encrypter = new Encrypter();
  for (const recipient of recipients) {
    try {
      encrypter.addRecipient(recipient);
    } catch (cause) {
      throw new Refused({
        code: 'bad-recipient',
        // Somebody may have pasted the secret key: it must not be repeated here.
        seen: `a recipient that begins "${recipient.slice(0, 5)}": ${recipient.startsWith('AGE-SECRET') ? 'a secret key' : (cause as Error).message}`,
        expected: 'public keys of age, "age1…"',
        next: 'print it with `age-keygen -y identity.txt`',
        cause: recipient.startsWith('AGE-SECRET') ? undefined : cause,
      });
    }
  }
  return encrypter;
}

/** Opens the parts of a copy with the keys of one identity file. */
export interface PartOpener {
  open(part: Uint8Array): Promise<Uint8Array>;
}

/**
 * Reads an identity file of age: one secret key a line, `#` begins a comment.
 *
 * @throws Failed `identity-file-unreadable`; Refused `identity-file-open` when others may read it.
 */
export function readIdentities(file: string): PartOpener {
  const decrypter = new Decrypter();
  try {
    const mode = statSync(file).mode & 0o777;
    if ((mode & 0o077) !== 0)
      throw new Refused({
        code: 'identity-file-open',
        seen: `${file} has mode ${mode.toString(8)}`,
        expected: '600: readable by nobody else',
        next: `chmod 600 ${file}`,
      });
    const keys = readFileSync(file, 'utf8')
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter((line) => line !== '' && !line.startsWith('#'));
    if (keys.length === 0) throw new Error('it holds no key');
    for (const key of keys) decrypter.addIdentity(key);
  } catch (cause) {
    if (cause instanceof Refused) throw cause;
    throw new Failed({
      code: 'identity-file-unreadable',
      seen: `${file}: ${(cause as Error).message}`,
      expected: 'an identity file of age: AGE-SECRET-KEY-1…, one a line',
      next: 'correct --identity',
      cause,
    });
  }
  return {
    async open(part) {
      try {
        return await decrypter.decrypt(part);
      } catch (cause) {
        throw new Failed({
          code: 'identity-wrong',
          seen: `the part does not open: ${(cause as Error).message}`,
          expected: 'the identity of one of the recipients it was encrypted to',
          next: 'take the identity file of a recipient that `roundtrip backup list` names',
          cause,
        });
      }
    },
  };
}
