import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { processEnvironment } from '../../src/cli/environment.ts';
import { main } from '../../src/cli/main.ts';

const ROOT = path.resolve(import.meta.dirname, '../../../..');
const FILES = ['README.md', ...globSync(['packages/*/README.md', 'docs/**/*.md'], { cwd: ROOT })];

const help = new Map<string, string>();
/** Asked in this process: a process for each of twenty verbs takes ten seconds. */
async function helpOf(verb: string): Promise<string> {
  const known = help.get(verb);
  if (known !== undefined) return known;
  const argv = [...verb.split(' '), '--help'].filter((word) => word !== '');
  const stdout = new PassThrough();
  await main(argv, { ...processEnvironment(new AbortController().signal), stdout });
  stdout.end();
  const told = await text(stdout);
  help.set(verb, told);
  return told;
}

/** Commands as the documents write them: `roundtrip verb --flag …`, in code spans and blocks. */
function commandsOf(file: string): string[] {
  const text = readFileSync(path.join(ROOT, file), 'utf8');
  return [...text.matchAll(/(?:^|`)roundtrip ([a-z][^`\n#&|]*)/gm)].map((match) => (match[1] ?? '').trim());
}

/** Headings of a document as the links of a forge name them. */
function headingsOf(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) =>
    heading
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe('the documents', () => {
  for (const file of FILES) {
    const commands = commandsOf(file);
    if (commands.length === 0) continue;
    it(`${file}: every verb and flag of its ${commands.length} commands exists`, async () => {
      for (const command of commands) {
        const [first = '', second = ''] = command.split(/\s/);
        assert.match(
          await helpOf(''),
          new RegExp(`^  ${first}( |$)`, 'm'),
          `roundtrip ${command}: no such verb`,
        );
        // Some verbs have verbs of their own: `backup create`.
        const nested =
          /^[a-z]+$/.test(second) && new RegExp(`^  ${second}( |$)`, 'm').test(await helpOf(first));
        const verb = nested ? `${first} ${second}` : first;
        for (const [flag] of command.matchAll(/--[a-z-]+/g)) {
          assert.ok(
            (await helpOf(verb)).includes(flag) || (await helpOf('')).includes(flag),
            `roundtrip ${command}: ${verb} has no ${flag}`,
          );
        }
      }
    });
  }

  it('link only to files and headings that are there', () => {
    for (const file of FILES) {
      const text = readFileSync(path.join(ROOT, file), 'utf8');
      for (const [, target = '', anchor] of text.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)) {
        const found = target === '' ? path.join(ROOT, file) : path.join(ROOT, path.dirname(file), target);
        assert.ok(globSync(found).length > 0, `${file} links to ${target}`);
        if (anchor !== undefined && found.endsWith('.md'))
          assert.ok(headingsOf(found).includes(anchor), `${file} links to ${target}#${anchor}`);
      }
    }
  });
});
