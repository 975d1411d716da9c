import { cpSync, symlinkSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '../../../..');

/**
 * A copy of the checkout in which `npm pack` works. Packed from a copy, since the manifest of a package is the published one meanwhile.
 */
export function packableCheckout(to: string, packages: readonly string[]): void {
  for (const name of packages) {
    const from = path.join(ROOT, 'packages', name);
    const left = ['dist', 'test', 'node_modules'].map((each) => path.join(from, each));
    cpSync(from, path.join(to, 'packages', name), {
      recursive: true,
      filter: (file) => !left.includes(file),
    });
  }
  for (const name of ['script', 'tsconfig.json', 'package.json'])
    cpSync(path.join(ROOT, name), path.join(to, name), { recursive: true });
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(to, 'node_modules'));
}
