import { readdirSync, type Stats, statSync } from 'node:fs';
import path from 'node:path';
import type { JsonObject } from '../json.ts';
import { type CheckCommon, type CheckSpec, checkSpec } from '../runbook/check-spec.ts';
import { type Duration, durationMs, formatMs } from '../runbook/duration.ts';
import type { Finding } from './check.ts';
import { anyCheckKind } from './check-kind.ts';

interface RequireFilesArgs extends JsonObject {
  readonly folder: string;
  readonly maxAgeMs?: number | undefined;
  readonly restMs?: number | undefined;
  readonly cure?: string | undefined;
}

const CURE = 'have them written anew, and look again once that has ended';

/**
 * Refuses to begin unless a folder holds files to be imported (or is one, an archive for example): there at all, none of them empty, the newest not older than
 * `maxAge`, and none changed within `rest`, as one that is still being written would be.
 *
 * @example requireFiles({ name: '1C exchange', folder: '/var/1c/exchange', maxAge: '12h', rest: '2min' })
 */
export function requireFiles(
  options: CheckCommon & {
    readonly folder: string;
    readonly maxAge?: Duration | undefined;
    readonly rest?: Duration | undefined;
    readonly cure?: string | undefined;
  },
): CheckSpec {
  const { folder, maxAge, rest, cure } = options;
  return checkSpec({
    kind: 'files',
    defaultName: folder,
    common: options,
    args: {
      folder,
      maxAgeMs: maxAge === undefined ? undefined : durationMs(maxAge),
      restMs: rest === undefined ? undefined : durationMs(rest),
      cure,
    },
  });
}

export const requireFilesKind = anyCheckKind<RequireFilesArgs>({
  kind: 'files',
  async run({ now }, { folder, maxAgeMs, restMs, cure = CURE }) {
    const files = filesOf(folder);
    if (typeof files === 'string' || files.length === 0) {
      const seen = typeof files === 'string' ? files : `no file in ${folder}`;
      return [
        { code: 'files-missing', severity: 'refusal', seen, expected: 'the files to be imported', cure },
      ];
    }
    const found: Finding[] = [];
    const empty = files.filter(({ stat }) => stat.size === 0).map(({ name }) => name);
    if (empty.length > 0)
      found.push({
        code: 'files-empty',
        severity: 'refusal',
        seen: `of 0 bytes in ${folder}: ${empty.slice(0, 10).join(', ')}`,
        expected: 'content in every file',
        cure,
      });
    const newest = files.reduce((a, b) => (a.stat.mtimeMs >= b.stat.mtimeMs ? a : b));
    const ageMs = now.getTime() - newest.stat.mtimeMs;
    if (maxAgeMs !== undefined && ageMs > maxAgeMs)
      found.push({
        code: 'files-stale',
        severity: 'refusal',
        seen: `the newest file in ${folder}, ${newest.name}, is ${formatMs(ageMs)} old`,
        expected: `at most ${formatMs(maxAgeMs)}`,
        cure,
      });
    if (restMs !== undefined && ageMs < restMs)
      found.push({
        code: 'files-changing',
        severity: 'refusal',
        seen: `${newest.name} in ${folder} was changed ${formatMs(Math.max(0, ageMs))} ago`,
        expected: `files at rest for ${formatMs(restMs)}: who writes them may not be done`,
        cure: 'look again once it has ended',
      });
    return found;
  },
});

/** The folder's files, those of folders within it too; a sentence where it cannot be read. */
function filesOf(folder: string): readonly { readonly name: string; readonly stat: Stats }[] | string {
  try {
    const stat = statSync(folder);
    if (stat.isFile()) return [{ name: path.basename(folder), stat }];
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const file = path.join(entry.parentPath, entry.name);
        return { name: path.relative(folder, file), stat: statSync(file) };
      });
  } catch (error) {
    return `${folder}: ${(error as Error).message}`;
  }
}
