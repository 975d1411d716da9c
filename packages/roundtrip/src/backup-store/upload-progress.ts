import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { CopiedPart } from './copy-manifest.ts';

/** What an upload is: parts of another one are of no use to it. */
export interface UploadHeading {
  readonly store: string;
  readonly id: string;
  readonly partBytes: number;
  readonly recipients: readonly string[] | null;
}

/**
 * What has been uploaded of a backup, in a file beside its folder, so that a killed upload goes on where it was. It holds no
 * secrets. `<backup>.copying.ndjson`: a heading, then a line a part.
 */
export interface UploadProgress {
  /** Part of every key: two uploads of one backup never write over each other's parts. */
  readonly attempt: string;
  find(file: string, index: number): CopiedPart | undefined;
  note(part: CopiedPart): void;
  /** The copy is whole: nothing is left to go on with. */
  forget(): void;
}

interface Heading extends UploadHeading {
  readonly attempt: string;
}

/** Opens the progress of an upload: what a killed one of the same heading left, or a new one. */
export function openUploadProgress(
  directory: string,
  heading: UploadHeading,
  newAttempt: string,
): UploadProgress {
  const file = `${directory}.copying.ndjson`;
  const [known, ...lines] = readLines(file);
  const attempt = sameHeading(known as Heading | undefined, heading)
    ? (known as Heading).attempt
    : newAttempt;
  const parts = new Map<string, CopiedPart>();
  if (attempt === newAttempt)
    writeFileSync(file, `${JSON.stringify({ ...heading, attempt })}\n`, { mode: 0o600, flush: true });
  else for (const part of lines as CopiedPart[]) parts.set(`${part.file} ${part.index}`, part);
  return {
    attempt,
    find: (name, index) => parts.get(`${name} ${index}`),
    note: (part) => appendFileSync(file, `${JSON.stringify(part)}\n`),
    forget: () => rmSync(file, { force: true }),
  };
}

function sameHeading(known: Heading | undefined, heading: UploadHeading): boolean {
  if (known === undefined) return false;
  const { attempt: _, ...rest } = known;
  return JSON.stringify(rest) === JSON.stringify(heading);
}

/** A line that a kill cut is no line: the part it was about is sent again. */
function readLines(file: string): unknown[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as unknown];
      } catch {
        return []; // An append that was cut and then appended to.
      }
    });
}
