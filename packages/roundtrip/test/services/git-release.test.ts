import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { JsonObject } from '../../src/json.ts';
import type { Plan } from '../../src/runbook/plan.ts';
import {
  activateRelease,
  currentRelease,
  deployRelease,
  resolveRelease,
} from '../../src/services/git-release.ts';
import { deployReleaseKind, deployRelease as deployReleaseStep } from '../../src/steps/deploy-release.ts';
import { stepContext } from './step-context.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'releases-'));
const repository = path.join(folder, 'repository');
const releasesDirectory = path.join(folder, 'releases');
const git = (...argv: string[]): string =>
  execFileSync('git', ['-C', repository, '-c', 'user.name=t', '-c', 'user.email=t@example.com', ...argv], {
    encoding: 'utf8',
  }).trim();
after(() => rmSync(folder, { recursive: true }));

function unlinked(file: string): void {
  rmSync(file);
  writeFileSync(file, 'version');
}

function relinked(file: string): void {
  rmSync(file);
  symlinkSync('elsewhere', file);
}

function commit(version: string): string {
  writeFileSync(path.join(repository, 'version'), version);
  mkdirSync(path.join(repository, 'bin'), { recursive: true });
  writeFileSync(path.join(repository, 'bin/start'), '#!/bin/sh\n', { mode: 0o755 });
  writeFileSync(path.join(repository, 'kept.log'), 'in the tag all the same');
  writeFileSync(path.join(repository, '.gitignore'), 'node_modules\n__pycache__\n*.log\n');
  rmSync(path.join(repository, 'link'), { force: true });
  symlinkSync('version', path.join(repository, 'link'));
  git('add', '-A');
  git('add', '-f', 'kept.log');
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

  it('stays beside the present one until it is asked to be current, and goes', async () => {
    const old = await deploy('v1');
    await activateRelease({ releasesDirectory, release: old.path });
    const plan = {
      target: { releases: { repository, directory: releasesDirectory } },
      releases: null,
    } as unknown as Plan;
    const step = deployReleaseStep({ tag: 'v2', beside: true });
    const args = step.args as Parameters<typeof deployReleaseKind.do>[1];
    const context = stepContext(step, { plan });
    await deployReleaseKind.do(context, args);
    assert.deepEqual(await deployReleaseKind.verify?.(context, args), { next: second });
    assert.equal(readFileSync(path.join(releasesDirectory, 'next/version'), 'utf8'), '2');
    assert.equal((await currentRelease({ releasesDirectory }))?.tag, 'v1');
    await deployReleaseKind.undo?.(context, args);
    assert.equal(existsSync(path.join(releasesDirectory, 'next')), false);
    await deployReleaseKind.undo?.(context, args);
    assert.equal((await currentRelease({ releasesDirectory }))?.tag, 'v1');
  });

  const EDITS: readonly (readonly [string, (place: string) => void, RegExp])[] = [
    ['a changed file', (place) => writeFileSync(path.join(place, 'version'), 'edited'), /version: changed/],
    ['a missing file', (place) => rmSync(path.join(place, 'version')), /version: missing/],
    ['an added file', (place) => writeFileSync(path.join(place, 'plug-in.py'), ''), /plug-in\.py: added/],
    ['an added file in a folder', (place) => writeFileSync(path.join(place, 'bin/x'), ''), /bin\/x: added/],
    [
      'a changed exec bit',
      (place) => chmodSync(path.join(place, 'bin/start'), 0o644),
      /bin\/start: mode changed/,
    ],
    ['a file instead of a link', (place) => unlinked(path.join(place, 'link')), /link: changed/],
    ['a link that points elsewhere', (place) => relinked(path.join(place, 'link')), /link: changed/],
    [
      'an edit of what was prepared',
      (place) => writeFileSync(path.join(place, 'built.js'), 'x'),
      /built\.js: changed/,
    ],
    [
      'an edited ignored file that is in the tag',
      (place) => writeFileSync(path.join(place, 'kept.log'), 'x'),
      /kept\.log: changed/,
    ],
    [
      'a torn REVISION.json',
      (place) => writeFileSync(path.join(place, 'REVISION.json'), '{"tag"'),
      /missing or broken/,
    ],
  ];
  for (const [what, edit, seen] of EDITS) {
    it(`notices ${what}: refuses it forward, goes back to it and says so`, async () => {
      const build = [['sh', '-c', 'echo built > built.js']];
      const old = await deploy('v1');
      const { path: place } = await deploy('v2', undefined, build);
      assert.equal((await deploy('v2', undefined, build)).path, place);
      await activateRelease({ releasesDirectory, release: old.path });
      edit(place);
      const current = () => readlinkSync(path.join(releasesDirectory, 'current'));
      await assert.rejects(deploy('v2', undefined, build), { code: 'release-dirty', message: seen });
      await assert.rejects(activateRelease({ releasesDirectory, release: place }), {
        code: /missing or broken/.test(seen.source) ? 'release-incomplete' : 'release-dirty',
      });
      assert.equal(current(), path.basename(old.path));
      const { edited } = await activateRelease({ releasesDirectory, release: place, edited: 'tell' });
      assert.equal(current(), path.basename(place));
      assert.equal(edited.length, 1);
      assert.match(edited[0] ?? '', seen);
      await activateRelease({ releasesDirectory, release: old.path });
      rmSync(place, { recursive: true });
    });
  }

  it('minds nothing that .gitignore leaves out: dependencies, caches, logs', async () => {
    const { path: place } = await deploy('v2');
    for (const name of ['node_modules/a/index.js', 'bin/__pycache__/start.pyc', 'today.log']) {
      mkdirSync(path.dirname(path.join(place, name)), { recursive: true });
      writeFileSync(path.join(place, name), 'made at run time');
    }
    assert.equal((await deploy('v2')).path, place);
    rmSync(place, { recursive: true });
  });

  it('removes what a killed attempt left half made, and nothing else', async () => {
    const { path: place } = await deploy('v2');
    rmSync(place, { recursive: true });
    const [half, other] = [`${place}.making-0a1b2c`, path.join(releasesDirectory, 'v9-0123.making-0a1b2c')];
    for (const folder of [half, other]) mkdirSync(path.join(folder, 'bin'), { recursive: true });
    await deploy('v2');
    assert.deepEqual([existsSync(half), existsSync(other)], [false, true]);
    rmSync(other, { recursive: true });
    rmSync(place, { recursive: true });
  });

  it('tells a link to nothing from no link', async () => {
    const elsewhere = path.join(folder, 'elsewhere');
    mkdirSync(elsewhere);
    assert.equal(await currentRelease({ releasesDirectory: elsewhere }), undefined);
    symlinkSync('v1-gone', path.join(elsewhere, 'current'));
    await assert.rejects(currentRelease({ releasesDirectory: elsewhere }), {
      code: 'release-link-broken',
      message: /points at nothing/,
    });
    rmSync(path.join(elsewhere, 'current'));
    mkdirSync(path.join(elsewhere, 'current'));
    await assert.rejects(currentRelease({ releasesDirectory: elsewhere }), { code: 'release-link-broken' });
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

describe('the deploy step', () => {
  it('goes back to an edited previous release, and says so in log and evidence', async () => {
    const tagged = path.join(folder, 'step-releases');
    mkdirSync(tagged);
    const { commit: toCommit } = await resolveRelease({ repository, tag: 'v1' });
    const { commit: fromCommit } = await resolveRelease({ repository, tag: 'release/1.0' });
    const old = await deployRelease({
      repository,
      tag: 'release/1.0',
      commit: fromCommit,
      releasesDirectory: tagged,
      timeoutMs: 10_000,
    });
    await activateRelease({ releasesDirectory: tagged, release: old.path });
    const step = deployReleaseStep({ tag: 'v1' });
    const target = { name: 'test', releases: { repository, directory: tagged }, settings: {} };
    const plan = {
      target,
      releases: { from: 'release/1.0', fromCommit, to: 'v1', toCommit },
    } as unknown as Plan;
    const marks: Record<string, JsonObject> = {};
    const lines: string[] = [];
    const context = stepContext(step, {
      plan,
      marks,
      marksOfDo: marks,
      mark: (name, data) => {
        marks[name] = data;
      },
      log: (line) => lines.push(line),
    });
    assert.deepEqual(await deployReleaseKind.check?.(context, step.args), []);
    await deployReleaseKind.do(context, step.args);
    writeFileSync(path.join(old.path, 'hot-fix.py'), '');
    for (const _twice of [1, 2]) {
      const evidence = await deployReleaseKind.undo?.(context, step.args);
      assert.deepEqual(evidence?.edited, ['hot-fix.py: added']);
      assert.match(String(evidence?.attention), /edited since it was deployed/);
    }
    assert.equal((await currentRelease({ releasesDirectory: tagged }))?.tag, 'release/1.0');
    assert.match(lines.join('\n'), /ATTENTION: the previous release was edited: hot-fix\.py: added/);
    const [finding] = (await deployReleaseKind.check?.(context, step.args)) ?? [];
    assert.deepEqual([finding?.code, finding?.severity], ['release-edited', 'warning']);
  });
});
