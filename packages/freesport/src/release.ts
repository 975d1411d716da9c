import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ShopError } from './errors.ts';

/** The two releases of the shop: before and after variants. */
export type ReleaseVersion = '13.3' | '13.4';

/** The folder that holds `release.json`, `migrations/` and `src/` of this release. */
export const releaseRoot = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/**
 * Which release this tree is: `release.json` beside `src/`, as `{"version":"13.3"}`; `FREESPORT_RELEASE` overrides it
 * for tests.
 *
 * @throws ShopError `refused` when neither names a known release.
 * @example
 * releaseVersion(); // '13.4'
 */
export function releaseVersion(environment: NodeJS.ProcessEnv = process.env): ReleaseVersion {
  const named = environment.FREESPORT_RELEASE ?? readReleaseFile();
  if (named === '13.3' || named === '13.4') return named;
  throw new ShopError(
    'refused',
    `release "${String(named)}" is unknown; release.json must say "13.3" or "13.4"`,
  );
}

function readReleaseFile(): unknown {
  const file = path.join(releaseRoot, 'release.json');
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { version?: unknown }).version;
  } catch (cause) {
    throw new ShopError('refused', `${file} cannot be read as JSON; it names the release of this tree`, {
      cause,
    });
  }
}
