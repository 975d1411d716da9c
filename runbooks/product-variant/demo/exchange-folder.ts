import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { Misused } from './concluded.ts';

const execute = promisify(execFile);
const COMMERCEML = path.resolve(import.meta.dirname, '../../../packages/commerceml/bin/commerceml.ts');

/** Generated when no real exchange is named: 800 goods, about 3,600 offers, with the defects of the real one. */
const GENERATED = ['--goods', '800', '--offers-per-good', '5', '--seed', '134'];

/** Which exchange a demo takes. */
export interface ExchangeChoice {
  /** A folder with a 1C exchange; a generated one by default. */
  readonly exchange?: string | undefined;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Makes the exchange of a demo at `folder` and returns it. Somebody's own is copied, links followed: a fault of the demo cuts
 * files of the copy, and must not reach theirs through a link. What may only be read there may be written and removed here.
 */
export async function exchangeFolder(folder: string, choice: ExchangeChoice): Promise<string> {
  const { exchange, say, signal } = choice;
  if (exchange === undefined) {
    say('generating a 1C exchange with the shapes and defects of the real one');
    await execute(process.execPath, [COMMERCEML, 'generate', folder, ...GENERATED], { signal });
    return folder;
  }
  say(`taking the 1C exchange from ${exchange}`);
  await execute('cp', ['-rL', path.resolve(exchange), folder], { signal });
  await execute('chmod', ['-R', 'u+rwX', folder], { signal });
  return folder;
}

/** Reads somebody's exchange for the first time. @throws Misused in the words of the command that could not read it */
export async function unlessUnreadable<T>(
  { given, copy }: { readonly given: string | undefined; readonly copy: string },
  read: () => Promise<T>,
): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    if (given === undefined || said === '') throw error;
    throw new Misused(`--exchange ${given}: ${said.split('\n').at(-1)?.replaceAll(copy, given)}`);
  }
}
