import type { IBufferCell, IBufferLine, Terminal } from '@xterm/headless';

const CELL_WIDTH = 7.8;
const LINE_HEIGHT = 18;
const PADDING = 16;
const FONT_SIZE = 13;

/** The eight colours of a terminal, each readable on its background (contrast ≥ 4.5): `[light, dark]`. */
const COLORS: readonly (readonly [string, string])[] = [
  ['#1f2328', '#0d1117'],
  ['#b3261e', '#ff7b72'],
  ['#1a7f37', '#56d364'],
  ['#8a5a00', '#e3b341'],
  ['#0550ae', '#79c0ff'],
  ['#8250df', '#d2a8ff'],
  ['#0f6a70', '#56d4dd'],
  ['#57606a', '#c9d1d9'],
];

/**
 * What a terminal shows, from its first line to the cursor, as an SVG that follows the reader's light or dark scheme.
 * Text stays text: it can be selected, searched and read aloud.
 *
 * @example writeFileSync('night.svg', terminalSvg(terminal, { title: 'a rehearsal, a run and its rollback' }))
 */
export function terminalSvg(terminal: Terminal, { title }: { readonly title: string }): string {
  const buffer = terminal.buffer.active;
  const lines = Array.from({ length: buffer.baseY + buffer.cursorY + 1 }, (_, row) => buffer.getLine(row));
  while (lines.at(-1)?.translateToString(true) === '') lines.pop();
  const width = Math.ceil(terminal.cols * CELL_WIDTH + 2 * PADDING);
  const height = lines.length * LINE_HEIGHT + 2 * PADDING;
  const rows = lines.map((line, row) => (line === undefined ? '' : svgLine(line, row)));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeXml(title)}">
<title>${escapeXml(title)}</title>
<style>
${styles()}
</style>
<rect class="ground" width="${width}" height="${height}" rx="8"/>
${rows.filter((row) => row !== '').join('\n')}
</svg>
`;
}

function styles(): string {
  const scheme = (at: 0 | 1, ground: string, text: string): string =>
    [
      `.ground { fill: ${ground}; } text { fill: ${text}; }`,
      ...COLORS.map((pair, color) => `.f${color} { fill: ${pair[at]}; } .b${color} { fill: ${pair[at]}; }`),
      `.inverse { fill: ${ground}; }`,
    ].join('\n');
  return `text { font: ${FONT_SIZE}px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; white-space: pre; }
.bold { font-weight: 700; }
.dim { opacity: 0.75; }
${scheme(0, '#f6f8fa', '#1f2328')}
@media (prefers-color-scheme: dark) {
${scheme(1, '#0d1117', '#e6edf3')}
}`;
}

interface Run {
  readonly column: number;
  readonly classes: string;
  readonly background: number | undefined;
  text: string;
}

/** One `<text>` a run of cells of one look, placed by column: fonts differ in how wide their symbols are. */
function svgLine(line: IBufferLine, row: number): string {
  const runs: Run[] = [];
  for (let column = 0; column < line.length; column += 1) {
    const cell = line.getCell(column);
    if (cell === undefined || cell.getWidth() === 0) continue;
    const look = lookOf(cell);
    const last = runs.at(-1);
    if (last !== undefined && last.classes === look.classes && last.background === look.background)
      last.text += cell.getChars() || ' ';
    else runs.push({ column, ...look, text: cell.getChars() || ' ' });
  }
  const baseline = PADDING + row * LINE_HEIGHT + FONT_SIZE;
  return runs.map((run) => svgRun(run, baseline)).join('');
}

function svgRun({ column, classes, background, text: cells }: Run, baseline: number): string {
  const text = background === undefined ? cells.trimEnd() : cells;
  if (text === '') return '';
  const x = (PADDING + column * CELL_WIDTH).toFixed(1);
  const length = ([...text].length * CELL_WIDTH).toFixed(1);
  const box =
    background === undefined
      ? ''
      : `<rect class="b${background}" x="${x}" y="${baseline - FONT_SIZE}" width="${length}" height="${LINE_HEIGHT - 1}" rx="3"/>`;
  const attributes = classes === '' ? '' : ` class="${classes}"`;
  return `${box}<text${attributes} x="${x}" y="${baseline}" textLength="${length}" lengthAdjust="spacing">${escapeXml(text)}</text>`;
}

function lookOf(cell: IBufferCell): { readonly classes: string; readonly background: number | undefined } {
  const background = cell.isBgPalette() ? cell.getBgColor() % 8 : undefined;
  const classes = [
    background !== undefined ? 'inverse' : cell.isFgPalette() ? `f${cell.getFgColor() % 8}` : '',
    cell.isBold() ? 'bold' : '',
    cell.isDim() ? 'dim' : '',
  ];
  return { classes: classes.filter((name) => name !== '').join(' '), background };
}

function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
