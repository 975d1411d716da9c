import assert from 'node:assert/strict';
import { it } from 'node:test';
import { publishedManifest } from '../published-manifest.ts';

it('points entries and commands at compiled files, and leaves out what only the workspace needs', () => {
  const published = publishedManifest({
    name: 'a',
    version: '1.0.0',
    exports: { '.': './src/index.ts', './package.json': './package.json' },
    bin: { a: './bin/a.ts' },
    scripts: { prepack: 'x' },
    dependencies: { pg: '^8' },
    devDependencies: { vite: '^8' },
  });
  assert.deepEqual(published, {
    name: 'a',
    version: '1.0.0',
    exports: {
      '.': { types: './dist/src/index.d.ts', default: './dist/src/index.js' },
      './package.json': './package.json',
    },
    bin: { a: './dist/bin/a.js' },
    dependencies: { pg: '^8' },
  });
});
