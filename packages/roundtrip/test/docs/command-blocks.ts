/** A block of commands of a document, with what it says that they print. */
export interface CommandBlock {
  readonly commands: string;
  /** Lines in their order, each with "…" for what differs from run to run; empty where nothing is said. */
  readonly prints: readonly string[];
  readonly exitCode: number;
}

/**
 * The blocks ```` ```sh ```` of a document, each with the ```` ```text ```` that follows it: `text exit 3` where the commands end with 3.
 */
export function commandBlocks(markdown: string): readonly CommandBlock[] {
  const blocks: CommandBlock[] = [];
  for (const [, kind, exit, body = ''] of markdown.matchAll(
    /^```(sh|text)(?: exit (\d+))?\n([\s\S]*?)^```$/gm,
  )) {
    const last = blocks.at(-1);
    if (kind === 'sh') blocks.push({ commands: body, prints: [], exitCode: 0 });
    else if (last !== undefined)
      blocks[blocks.length - 1] = {
        ...last,
        prints: body.trimEnd().split('\n'),
        exitCode: Number(exit ?? 0),
      };
  }
  return blocks;
}

/** The first line that a document promises and that is not printed after those before it; undefined when all are. */
export function missingLine(prints: readonly string[], output: string): string | undefined {
  const lines = output.split('\n');
  let at = 0;
  for (const line of prints) {
    const parts = line.split('…').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    const pattern = new RegExp(`^${parts.join('.*')}$`);
    const found = lines.findIndex((printed, index) => index >= at && pattern.test(printed.trimEnd()));
    if (found === -1) return line;
    at = found + 1;
  }
  return undefined;
}
