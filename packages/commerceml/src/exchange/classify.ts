import { DocumentFeed } from '../document/document-feed.ts';
import type { CommerceMlRecord } from '../records.ts';
import { parseFileName } from '../values/file-name.ts';
import type { ExchangeFile } from './exchange-file.ts';

/** The order in which kinds must be read: each refers only to earlier ones. */
export const PHASES = ['reference', 'goods', 'offers', 'prices', 'rests'] as const;
/** One of `PHASES`. */
export type Phase = (typeof PHASES)[number];

/** An exchange file with its place in the order. */
export interface ClassifiedFile {
  readonly file: ExchangeFile;
  readonly phase: Phase;
  /** Holds groups, properties, price types, warehouses or units, maybe besides goods or offers. */
  readonly hasReference: boolean;
}

/** The first good or offer is usually within the first few kilobytes. */
const STEP_BYTES = 16_384;

/**
 * Finds out what a file holds by reading it up to its first good or offer, because names differ from version to
 * version and from server to server (`import.xml`, `goods_1_2_….xml`, `goods.xml` in `import_files/`).
 *
 * @throws CommerceMlError where the file is broken before that point.
 */
export async function classifyFile(
  file: ExchangeFile,
  encoding?: string | undefined,
): Promise<ClassifiedFile> {
  const feed = new DocumentFeed({ file: file.name, encoding, valueWarnings: false });
  let hasReference = false;
  const decide = (records: readonly CommerceMlRecord[]): Phase | undefined => {
    for (const record of records) {
      if (record.kind === 'good') return 'goods';
      if (record.kind === 'offer') return 'offers';
      if (record.kind === 'price') return record.holder === 'good' ? 'goods' : 'prices';
      if (record.kind === 'rest') return record.holder === 'good' ? 'goods' : 'rests';
      if (record.kind !== 'document' && record.kind !== 'section' && record.kind !== 'warning')
        hasReference = true;
    }
    return undefined;
  };
  for await (const chunk of file.chunks(STEP_BYTES)) {
    for (let at = 0; at < chunk.length; at += STEP_BYTES) {
      const phase = decide(feed.push(chunk.subarray(at, at + STEP_BYTES)));
      if (phase !== undefined) return { file, phase, hasReference };
    }
  }
  const phase = decide(feed.finish());
  return { file, phase: phase ?? 'reference', hasReference };
}

/** Sorts by phase, then files with reference data first, then package and portion as numbers, then name. */
export function compareFiles(a: ClassifiedFile, b: ClassifiedFile): number {
  const left = parseFileName(a.file.name);
  const right = parseFileName(b.file.name);
  return (
    PHASES.indexOf(a.phase) - PHASES.indexOf(b.phase) ||
    Number(b.hasReference) - Number(a.hasReference) ||
    compareText(left.kind, right.kind) ||
    left.package - right.package ||
    left.portion - right.portion ||
    compareText(a.file.name, b.file.name)
  );
}

/** By code units: the order may not depend on the machine's locale. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
