/** A declaration of a compiled module: its comment without the marks, and its text without `export declare`. */
export interface Declaration {
  readonly name: string;
  readonly kind: 'function' | 'const' | 'interface' | 'type' | 'class';
  readonly comment: string;
  readonly text: string;
}

const START = /^export (?:declare )?(?:abstract )?(function|const|interface|type|class) (\w+)/;

/**
 * The exported declarations of a .d.ts as the compiler writes it: comments and declarations begin at the first column.
 *
 * @example declarationsOf('/** A. *\/\nexport declare const a: number;\n') // [{ name: 'a', kind: 'const', comment: 'A.', ... }]
 */
export function declarationsOf(source: string): Declaration[] {
  const lines = source.split('\n');
  const declarations: Declaration[] = [];
  let comment: string[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    const [, kind, name] = START.exec(line) ?? [];
    if (line.startsWith('/**')) {
      const end = lines.findIndex((each, index) => index >= at && each.includes('*/'));
      comment = lines.slice(at, end + 1);
      at = end;
    } else if (kind !== undefined && name !== undefined) {
      const end = endOf(lines, at, kind);
      const text = lines
        .slice(at, end + 1)
        .join('\n')
        .replace(/^export (?:declare )?/, '');
      declarations.push({ name, kind: kind as Declaration['kind'], comment: plain(comment), text });
      comment = [];
      at = end;
    } else comment = [];
  }
  return declarations;
}

/** A comment may stand between the members of a union: only the closing mark tells where a declaration ends. */
function endOf(lines: readonly string[], start: number, kind: string): number {
  const closed = (line: string): boolean =>
    kind === 'interface' || kind === 'class' ? /^\}|\{\s*\}$/.test(line) : /^\S.*;$/.test(line);
  const end = lines.findIndex((line, at) => at >= start && closed(line));
  if (end === -1) throw new Error(`"${lines[start]}" has no end`);
  return end;
}

function plain(comment: readonly string[]): string {
  return comment
    .join('\n')
    .replace(/^\/\*\*\s?/, '')
    .replace(/\s*\*\/$/, '')
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, ''))
    .join('\n')
    .trim();
}
