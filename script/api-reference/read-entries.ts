import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { declarationsOf } from './declarations.ts';
import type { ReferenceEntry } from './reference-markdown.ts';

const PACKAGE = path.resolve(import.meta.dirname, '../../packages/roundtrip');

/**
 * Everything that `roundtrip` exports, from its declarations as the compiler writes them.
 *
 * @example readEntries().map(({ name }) => name).includes('backup')
 */
export function readEntries(): ReferenceEntry[] {
  const folder = mkdtempSync(path.join(tmpdir(), 'reference-'));
  try {
    const compiler = fileURLToPath(new URL('bin/tsc', import.meta.resolve('typescript/package.json')));
    const options = ['--emitDeclarationOnly', '--outDir', folder];
    execFileSync(process.execPath, [compiler, '-p', path.join(PACKAGE, 'tsconfig.build.json'), ...options]);
    return entriesOf(path.join(folder, 'src'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function entriesOf(compiled: string): ReferenceEntry[] {
  const index = readFileSync(path.join(PACKAGE, 'src/index.ts'), 'utf8');
  const exports = [...index.matchAll(/^export (?:type )?\{([^}]*)\} from '\.\/([^']+)\.ts'/gm)].flatMap(
    ([, names = '', from = '']) =>
      names
        .split(',')
        .map((each) => each.trim().replace(/^type /, ''))
        .filter((each) => each !== '')
        .map((each) => ({
          from,
          declared: each.split(' as ')[0] ?? '',
          name: each.split(' as ').at(-1) ?? '',
        })),
  );
  return exports.map(({ from, declared, name }) => {
    const module = declarationsOf(readFileSync(path.join(compiled, `${from}.d.ts`), 'utf8'));
    const declaration = module.find((each) => each.name === declared) ?? passedOn(compiled, from, declared);
    const own = exports.filter((other) => other.from === from).map((other) => other.declared);
    return {
      name,
      room: from.includes('/') ? path.dirname(from) : '',
      declaration,
      beside: module.filter((each) => !own.includes(each.name)),
    };
  });
}

/** A module may pass a name on from its neighbour: `export type { Pgbouncer } from './pgbouncer-console.ts'`. */
function passedOn(compiled: string, from: string, name: string): ReferenceEntry['declaration'] {
  const text = readFileSync(path.join(compiled, `${from}.d.ts`), 'utf8');
  for (const [, neighbour = ''] of text.matchAll(/ from '\.\/([^']+)\.ts'/g)) {
    const file = path.join(compiled, path.dirname(from), `${neighbour}.d.ts`);
    const found = declarationsOf(readFileSync(file, 'utf8')).find((each) => each.name === name);
    if (found !== undefined) return found;
  }
  throw new Error(`${from} does not declare ${name}`);
}
