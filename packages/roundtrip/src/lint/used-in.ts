import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/** Not the release's own: what is installed, built or kept by git. */
const FOREIGN = new Set(['.git', 'node_modules', 'dist', '__pycache__', '.venv', 'vendor']);
/** Sources are smaller; what is larger is data. */
const FILE_BYTES_MAX = 1 << 20;

/**
 * Asks a release's files which of them name a table or column, as a whole word. Too many rather than too few: a common word
 * is found where something else is meant. Migrations are left out: their past is no use.
 *
 * @example usedIn('/srv/shop/releases/current')('retail_price') // ['src/catalogue/prices.ts']
 */
export function usedIn(folder: string, except: readonly string[] = []): (name: string) => readonly string[] {
  let texts: readonly { readonly file: string; readonly text: string }[] | undefined;
  return (name) => {
    texts ??= readTexts(folder, except);
    const word = new RegExp(`(?<![A-Za-z0-9_])${name.replaceAll(/[^A-Za-z0-9_]/g, '\\$&')}(?![A-Za-z0-9_])`);
    return texts.filter(({ text }) => word.test(text)).map(({ file }) => file);
  };
}

function readTexts(folder: string, except: readonly string[]): { file: string; text: string }[] {
  const found: { file: string; text: string }[] = [];
  const visit = (within: string): void => {
    for (const entry of readdirSync(path.join(folder, within), { withFileTypes: true })) {
      const file = path.join(within, entry.name);
      if (
        FOREIGN.has(entry.name) ||
        except.some((prefix) => file === prefix || file.startsWith(`${prefix}/`))
      )
        continue;
      if (entry.isDirectory()) visit(file);
      else if (entry.isFile() && statSync(path.join(folder, file)).size <= FILE_BYTES_MAX)
        found.push({ file, text: readFileSync(path.join(folder, file), 'utf8') });
    }
  };
  visit('');
  return found;
}
