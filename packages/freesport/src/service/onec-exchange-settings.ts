import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ShopError } from '../errors.ts';

/** What lets 1C push its exchange over HTTP. */
export interface OnecExchangeSettings {
  readonly username: string;
  readonly password: string;
  /** Where received files are kept. */
  readonly folder: string;
}

/**
 * From FREESPORT_1C_USER, FREESPORT_1C_PASSWORD_FILE and FREESPORT_1C_DIR (default `<run>/1c`); undefined without a user. The
 * password is in a file, because the environment of a process is seen by others.
 *
 * @throws ShopError `refused` for a user without a readable password.
 * @example
 * const settings = onecExchangeSettings(directories.run);
 */
export function onecExchangeSettings(
  runDirectory: string,
  environment: NodeJS.ProcessEnv = process.env,
): OnecExchangeSettings | undefined {
  const username = environment.FREESPORT_1C_USER;
  if (username === undefined || username === '') return undefined;
  const file = environment.FREESPORT_1C_PASSWORD_FILE ?? '';
  let password: string;
  try {
    password = readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new ShopError(
      'refused',
      `FREESPORT_1C_USER is set, but FREESPORT_1C_PASSWORD_FILE "${file}" cannot be read`,
      { cause },
    );
  }
  if (password === '') throw new ShopError('refused', `the password file of 1C "${file}" is empty`);
  return {
    username,
    password,
    folder: path.resolve(environment.FREESPORT_1C_DIR ?? path.join(runDirectory, '1c')),
  };
}
