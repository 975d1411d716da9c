import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';

/**
 * Removes what was received in all but the newest exchanges: a full one is gigabytes, and 1C may send one every hour. The
 * newest stay, so that whoever asks tomorrow why a price is wrong can look at what 1C has said. Folders are named by the
 * exchange's number; whatever else lies there is left alone. The newest are those that were written last and not those with the
 * highest numbers: a rollback or a restored backup counts on from an earlier one.
 *
 * @returns the numbers of the exchanges that went.
 * @throws an error of the file system, with the folders before it gone.
 * @example await discardOldExchanges('/var/lib/freesport/1c', 7); // ['3', '4']
 */
export async function discardOldExchanges(folder: string, keep: number): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const exchanges = entries.filter((entry) => entry.isDirectory() && /^\d+$/.test(entry.name));
  const written = await Promise.all(
    exchanges.map(async ({ name }) => ({ name, at: (await stat(path.join(folder, name))).mtimeMs })),
  );
  const old = written
    .sort((a, b) => b.at - a.at || Number(b.name) - Number(a.name))
    .slice(keep)
    .map(({ name }) => name)
    .reverse();
  for (const name of old) await rm(path.join(folder, name), { recursive: true, force: true });
  return old;
}
