/** Writes docs/reference.md from the comments of what `roundtrip` exports. `script/reference` starts it. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { readEntries } from './read-entries.ts';
import { referenceMarkdown } from './reference-markdown.ts';

const file = path.resolve(import.meta.dirname, '../../docs/reference.md');
writeFileSync(file, referenceMarkdown(readEntries()));
console.log(file);
