import type { Declaration } from './declarations.ts';

/** An exported name, where it comes from, and everything else that its module declares. */
export interface ReferenceEntry {
  readonly name: string;
  /** The room of the sources: "steps". */
  readonly room: string;
  readonly declaration: Declaration;
  /** Declarations of the same module that are not exported under a heading of their own. */
  readonly beside: readonly Declaration[];
}

const ROOMS: readonly (readonly [string, string])[] = [
  ['runbook', 'The runbook'],
  ['steps', 'Steps'],
  ['postgres', 'What a delete reaches'],
  ['watch', 'The watch'],
  ['services', 'Releases, services and clients'],
  ['backup-store', 'Copies of backups'],
  ['alerts', 'Alerts'],
  ['', 'Errors'],
  ['cli', 'Exit codes'],
];
const ELSEWHERE = 'Further types';

/**
 * The reference as Markdown: a heading an exported name, with its comment, its declaration and its example. Pure.
 *
 * @example referenceMarkdown(entries).startsWith('# Reference')
 */
export function referenceMarkdown(entries: readonly ReferenceEntry[]): string {
  const headings = [...ROOMS.map(([, heading]) => heading), ELSEWHERE];
  const sections = headings.map((heading) => {
    const own = entries.filter((entry) => headingOf(entry) === heading);
    return own.length === 0 ? '' : `## ${heading}\n\n${own.map(entryMarkdown).join('\n')}`;
  });
  return `# Reference of the runbook

What a runbook imports from \`roundtrip\`. Made by \`script/reference\` from the comments of the sources; do not edit it.
Words are those of the [glossary](glossary.md), codes of errors those of [errors](errors.md).

${sections.filter((section) => section !== '').join('\n')}`;
}

function headingOf({ room }: ReferenceEntry): string {
  return ROOMS.find(([known]) => known === room)?.[1] ?? ELSEWHERE;
}

function entryMarkdown({ name, declaration, beside }: ReferenceEntry): string {
  const { prose, throws, examples } = partsOf(declaration.comment);
  const code = [declaration, ...usedBy(declaration, beside)].map(({ text }) => text).join('\n\n');
  return [
    `### ${name}\n`,
    `${prose}\n`,
    ...throws.map((text) => `Throws ${text}\n`),
    `\`\`\`ts\n${code}\n\`\`\`\n`,
    ...examples.map((text) => `For example:\n\n\`\`\`ts\n${text}\n\`\`\`\n`),
  ].join('\n');
}

/** Types of the same module that a declaration speaks of, directly or through one another. */
function usedBy(declaration: Declaration, beside: readonly Declaration[]): Declaration[] {
  const used: Declaration[] = [];
  const look = ({ text }: Declaration): void => {
    for (const other of beside) {
      const isType = other.kind === 'interface' || other.kind === 'type';
      if (!isType || used.includes(other) || !new RegExp(`\\b${other.name}\\b`).test(text)) continue;
      used.push(other);
      look(other);
    }
  };
  look(declaration);
  return used;
}

function partsOf(comment: string): {
  readonly prose: string;
  readonly throws: readonly string[];
  readonly examples: readonly string[];
} {
  const [prose = '', ...tags] = comment.split(/^@/m);
  const tagged = (name: string): string[] =>
    tags.filter((tag) => tag.startsWith(name)).map((tag) => tag.slice(name.length).trim());
  return { prose: prose.trim(), throws: tagged('throws'), examples: tagged('example') };
}
