import { existsSync } from 'node:fs';
import path from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

/**
 * The machine's Chromium: CHROMIUM names it, else it is looked for on PATH and in /usr/bin. Nothing is downloaded: the
 * distribution keeps its own up to date.
 *
 * @throws Error saying what to install.
 * @example findChromium() // "/usr/bin/chromium"
 */
export function findChromium(): string {
  const named = process.env.CHROMIUM;
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/bin'];
  const candidates =
    named === undefined
      ? folders
          .filter((folder) => folder !== '')
          .flatMap((folder) => NAMES.map((name) => path.join(folder, name)))
      : [named];
  const found = candidates.find((file) => existsSync(file));
  if (found !== undefined) return found;
  throw new Error(
    named === undefined
      ? 'no Chromium on this machine; expected one of chromium, chromium-browser, google-chrome on PATH. Next: apt-get install chromium, or name one with CHROMIUM'
      : `CHROMIUM names ${named}, which does not exist. Next: correct it or leave it out`,
  );
}
