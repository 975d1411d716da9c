import { Refused } from '../errors.ts';
import { GUIDE_PARTS, type GuidePart } from './guide-of.ts';

/** A marked region of a Markdown file. */
export interface GuideRegion {
  readonly part: GuidePart;
  /** The target that the mark names; undefined where it leaves that to the command line. */
  readonly target: string | undefined;
}

const BEGIN = /^<!-- roundtrip guide: (.*?) -->\s*$/;
const END = /^<!-- \/roundtrip guide -->\s*$/;
const FENCE = /^(?:```|~~~)/;

/**
 * Writes the generated parts into a Markdown file; everything outside the marks stays as it is, byte for byte. Marks stand on
 * lines of their own, and are text like any other inside a code fence. Pure. By example:
 *
 * ```
 * <!-- roundtrip guide: timeline -->
 * …
 * <!-- /roundtrip guide -->
 * <!-- roundtrip guide: rollback production -->
 * …
 * <!-- /roundtrip guide -->
 * ```
 *
 * @throws Refused `guide-marks` for a file without marks, an unknown part, and a region that does not end or begins in another.
 * @example fillRegions(markdown, ({ part }) => guidePart(part, { plan }, 'en'))
 */
export function fillRegions(markdown: string, write: (region: GuideRegion) => string): string {
  const filled: string[] = [];
  const lines = markdown.split('\n');
  let open: { readonly region: GuideRegion; readonly line: number } | undefined;
  let found = 0;
  let fenced = false;
  for (const [index, line] of lines.entries()) {
    const begin = fenced ? null : BEGIN.exec(line);
    if (open !== undefined) {
      if (begin !== null)
        throw wrong(`line ${index + 1} begins a region inside the one of line ${open.line}`);
      // What stood there is replaced, code fences included.
      if (!END.test(line)) continue;
      filled.push('', write(open.region), '', line);
      open = undefined;
      continue;
    }
    if (FENCE.test(line)) fenced = !fenced;
    if (!fenced && END.test(line)) throw wrong(`line ${index + 1} ends a region that was not begun`);
    filled.push(line);
    if (begin === null) continue;
    open = { region: regionOf(begin[1] ?? '', index + 1), line: index + 1 };
    found += 1;
  }
  if (open !== undefined) throw wrong(`the region of line ${open.line} does not end`);
  if (found === 0) throw wrong('no region is marked');
  return filled.join('\n');
}

function regionOf(words: string, line: number): GuideRegion {
  const [name, target, ...more] = words.trim().split(/\s+/);
  const part = GUIDE_PARTS.find((known) => known === name);
  if (part !== undefined && more.length === 0) return { part, target };
  throw wrong(`line ${line} marks "${words}"`);
}

function wrong(seen: string): Refused {
  return new Refused({
    code: 'guide-marks',
    seen,
    expected: `lines "<!-- roundtrip guide: PART [TARGET] -->" and "<!-- /roundtrip guide -->" in turn, PART one of ${GUIDE_PARTS.join(', ')}`,
    next: 'correct the marks; the file was not written',
  });
}
