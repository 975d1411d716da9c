import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { releaseRoot } from '../../src/release.ts';
import { freesport, rows, ShopDatabases } from '../support/shop-database.ts';

describe('release-build', () => {
  let databases: ShopDatabases;
  let folder: string;
  before(async () => {
    databases = await ShopDatabases.open();
    folder = mkdtempSync(path.join(tmpdir(), 'freesport-releases-'));
  });
  after(async () => {
    rmSync(folder, { recursive: true });
    await databases.release();
  });

  const checkout = (repository: string, tag: string): string => {
    const release = path.join(folder, tag);
    mkdirSync(release);
    execFileSync('sh', ['-c', `git -C "${repository}" archive ${tag} | tar x -C "${release}"`]);
    symlinkSync(path.resolve(releaseRoot, '../../node_modules'), path.join(release, 'node_modules'));
    return release;
  };
  const run = (release: string, ...argv: string[]): string =>
    execFileSync(process.execPath, ['packages/freesport/bin/freesport.ts', ...argv], {
      cwd: release,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });

  it('makes two annotated tags whose trees run, each as its own release', async () => {
    const repository = path.join(folder, 'repository');
    const built = await freesport(['release-build', '--out', repository, '--json']);
    assert.equal(built.code, 0, built.stderr);
    for (const tag of ['v13.3', 'v13.4']) {
      assert.equal(
        execFileSync('git', ['-C', repository, 'cat-file', '-t', tag], { encoding: 'utf8' }).trim(),
        'tag',
      );
    }
    const old = checkout(repository, 'v13.3');
    const fresh = checkout(repository, 'v13.4');
    assert.equal(existsSync(path.join(old, 'packages/freesport/migrations/variants')), false);
    assert.equal(run(old, '--version').trim(), '13.3');
    assert.equal(run(fresh, '--version').trim(), '13.4');

    await databases.create();
    run(old, 'migrate');
    assert.deepEqual(await rows(`SELECT to_regclass('sku_identities') AS there`), [{ there: null }]);
    run(old, 'seed', '--users', '5', '--orders', '10', '--carts', '2', '--products', '8');
    assert.throws(() => run(old, 'migrate', '--target', '13.4'));
    run(fresh, 'migrate');
    run(fresh, 'flush-products', '--confirm');
    assert.deepEqual(await rows('SELECT count(*) AS kept FROM sku_identities'), [{ kept: 8 }]);
  });

  it('makes the same commits from the same sources, and refuses a folder in use', async () => {
    const commits = async (name: string): Promise<unknown> => {
      const built = await freesport(['release-build', '--out', path.join(folder, name), '--json']);
      return (JSON.parse(built.stdout) as { tags: unknown }).tags;
    };
    assert.deepEqual(await commits('one'), await commits('two'));
    assert.equal((await freesport(['release-build', '--out', path.join(folder, 'one')])).code, 1);
    assert.equal((await freesport(['release-build'])).code, 2);
  });
});
