import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  activateRelease,
  currentRelease,
  deployRelease,
  resolveRelease,
} from '../../src/services/git-release.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'releases-'));
const repository = path.join(folder, 'repository');
const releasesDirectory = path.join(folder, 'releases');
const git = (...argv: string[]): string =>
  execFileSync('git', ['-C', repository, '-c', 'user.name=t', '-c', 'user.email=t@example.com', ...argv], {
    encoding: 'utf8',
  }).trim();
after(() => rmSync(folder, { recursive: true }));

function commit(version: string): string {
  writeFileSync(path.join(repository, 'version'), version);
  git('add', '-A');
  git('commit', '-qm', version);
  return git('rev-parse', 'HEAD');
}

async function deploy(tag: string, commitHash?: string, prepare?: string[][]) {
  const pinned = commitHash ?? (await resolveRelease({ repository, tag })).commit;
  return deployRelease({ repository, tag, commit: pinned, releasesDirectory, prepare, timeoutMs: 10_000 });
}

describe('releases from git tags', () => {
  let first = '';
  let second = '';
  before(() => {
    mkdirSync(repository);
    mkdirSync(releasesDirectory);
    git('init', '-q');
    first = commit('1');
    git('tag', 'v1');
    second = commit('2');
    git('tag', '-a', 'v2', '-m', 'annotated');
  });

  it('resolves plain and annotated tags to commits', async () => {
    assert.deepEqual(await resolveRelease({ repository, tag: 'v1' }), { tag: 'v1', commit: first });
    assert.deepEqual(await resolveRelease({ repository, tag: 'v2' }), { tag: 'v2', commit: second });
    await assert.rejects(resolveRelease({ repository, tag: 'v9' }), {
      code: 'unknown-release',
      message: /v2, v1|v1, v2/,
    });
  });

  it('deploys beside the present one, and moves current atomically there and back', async () => {
    const old = await deploy('v1');
    await activateRelease({ releasesDirectory, release: old.path });
    const fresh = await deploy('v2', undefined, [['sh', '-c', 'echo installed > dependency']]);
    assert.equal((await currentRelease({ releasesDirectory }))?.tag, 'v1');
    await activateRelease({ releasesDirectory, release: fresh.path });
    assert.equal((await currentRelease({ releasesDirectory }))?.commit, second);
    assert.equal(readFileSync(path.join(releasesDirectory, 'current/version'), 'utf8'), '2');
    assert.equal(readFileSync(path.join(releasesDirectory, 'current/dependency'), 'utf8'), 'installed\n');
    await activateRelease({ releasesDirectory, release: old.path });
    assert.equal(readlinkSync(path.join(releasesDirectory, 'current')), path.basename(old.path));
  });

  it('uses a complete one again, and refuses an edited one', async () => {
    const { path: place } = await deploy('v2');
    assert.equal((await deploy('v2')).path, place);
    writeFileSync(path.join(place, 'version'), 'edited');
    await assert.rejects(deploy('v2'), { code: 'release-dirty' });
    rmSync(place, { recursive: true });
  });

  it('finds again what preparing made of an exported file', async () => {
    const edit = [['sh', '-c', 'echo prepared > version']];
    const { path: place } = await deploy('v2', undefined, edit);
    assert.equal((await deploy('v2', undefined, edit)).path, place);
    rmSync(place, { recursive: true });
  });

  it('knows a release by a tag with a slash', async () => {
    git('tag', 'release/1.0', 'v1');
    const { path: place } = await deploy('release/1.0');
    await activateRelease({ releasesDirectory, release: place });
    assert.equal((await currentRelease({ releasesDirectory }))?.tag, 'release/1.0');
  });

  it('makes nothing current that is no complete release', async () => {
    const before = await currentRelease({ releasesDirectory });
    await assert.rejects(
      activateRelease({ releasesDirectory, release: path.join(releasesDirectory, 'nothing') }),
      { code: 'release-incomplete' },
    );
    assert.deepEqual(await currentRelease({ releasesDirectory }), before);
  });

  it('leaves nothing behind when preparing fails', async () => {
    await assert.rejects(deploy('v2', undefined, [['false']]), { code: 'process-failed' });
    assert.deepEqual(
      readdirSync(releasesDirectory).filter((name) => name.includes('making') || name.startsWith('v2')),
      [],
    );
  });

  it('refuses a tag that was moved since it was planned', async () => {
    const pinned = (await resolveRelease({ repository, tag: 'v2' })).commit;
    commit('3');
    git('tag', '-f', 'v2');
    await assert.rejects(deploy('v2', pinned), { code: 'tag-moved' });
    assert.equal(existsSync(path.join(releasesDirectory, `v2-${pinned.slice(0, 12)}`)), false);
  });
});
