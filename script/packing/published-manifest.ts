/** The fields of a package.json that packing reads; the others pass as they are. */
export interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/**
 * The manifest that goes into the tarball: entries point at compiled files, because Node strips no types under
 * node_modules. In the workspace they point at the sources, so that there is no build between writing and running.
 *
 * @example publishedManifest({ name: 'a', exports: { '.': './src/index.ts' } }).exports
 *   // { '.': { types: './dist/src/index.d.ts', default: './dist/src/index.js' } }
 */
export function publishedManifest(manifest: Manifest): Manifest {
  const { scripts: _scripts, devDependencies: _devDependencies, ...kept } = manifest;
  const bin = Object.entries(manifest.bin ?? {}).map(([name, file]) => [name, compiled(file, '.js')]);
  return {
    ...kept,
    exports: Object.fromEntries(
      Object.entries(manifest.exports).map(([entry, file]) => [entry, publishedEntry(file)]),
    ),
    ...(bin.length > 0 ? { bin: Object.fromEntries(bin) } : {}),
  };
}

function publishedEntry(file: unknown): unknown {
  if (typeof file !== 'string' || !file.endsWith('.ts')) return file;
  return { types: compiled(file, '.d.ts'), default: compiled(file, '.js') };
}

function compiled(file: string, extension: string): string {
  return file.replace(/^\.\//, './dist/').replace(/\.ts$/, extension);
}
