import assert from 'node:assert/strict';
import { it } from 'node:test';
import xterm from '@xterm/headless';
import { terminalSvg } from '../terminal-svg.ts';

async function svgOf(output: string): Promise<string> {
  const terminal = new xterm.Terminal({ cols: 20, rows: 5, allowProposedApi: true });
  await new Promise<void>((resolve) => terminal.write(output, resolve));
  return terminalSvg(terminal, { title: 'a "title" & more' });
}

const textsOf = (svg: string): string[] =>
  [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map((match) => match[1] ?? '');

it('shows what is left on the screen, not what was drawn over', async () => {
  const svg = await svgOf('one\r\ntwo\x1b[1A\r\x1b[2Kthree\r\n');
  assert.deepEqual(textsOf(svg), ['three', 'two']);
});

it('keeps colours, weight and what a document would take for marks', async () => {
  const svg = await svgOf('\x1b[32m<ok>\x1b[0m \x1b[41m\x1b[37m LIVE \x1b[0m \x1b[1mbold\x1b[0m\r\n');
  assert.deepEqual(textsOf(svg), ['&lt;ok&gt;', ' LIVE ', 'bold']);
  assert.match(svg, /class="f2"[^>]*>&lt;ok&gt;/);
  assert.match(svg, /<rect class="b1"[^>]*\/><text class="inverse"/);
  assert.match(svg, /class="bold"[^>]*>bold/);
  assert.match(svg, /<title>a &quot;title&quot; &amp; more<\/title>/);
});

it('follows the scheme of the reader', async () => {
  assert.match(await svgOf('text\r\n'), /@media \(prefers-color-scheme: dark\)/);
});
