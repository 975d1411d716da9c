import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { nextRelease } from '../../src/checks/next-release.ts';
import { presentRelease } from '../../src/checks/present-release.ts';
import { planForCheck } from '../../src/engine/preflight-run.ts';
import { defineRunbook } from '../../src/runbook/runbook.ts';
import {
  activateRelease,
  type DeployedRelease,
  deployRelease,
  resolveRelease,
} from '../../src/services/git-release.ts';
import { codesOf, findingsOf, planOn } from './check-context.ts';

const NOWHERE = { host: '127.0.0.1', port: 1, user: 'nobody', database: 'none' };
const folder = mkdtempSync(path.join(tmpdir(), 'releases-'));
const repository = path.join(folder, 'repository');
const directory = path.join(folder, 'releases');
const releases = { repository, directory };
before(async () => {
  for (const part of [repository, directory]) mkdirSync(part);
  const git = (...argv: string[]) =>
    promisify(execFile)('git', [
      '-C',
      repository,
      '-c',
      'user.name=t',
      '-c',
      'user.email=t@example.com',
      ...argv,
    ]);
  await git('init', '-q');
  for (const tag of ['v1', 'v2']) {
    writeFileSync(path.join(repository, 'shop.py'), tag);
    await git('add', '-A');
    await git('commit', '-qm', tag);
    await git('tag', tag);
  }
});
after(() => rmSync(folder, { recursive: true }));

async function deployed(tag: string): Promise<DeployedRelease> {
  const { commit } = await resolveRelease({ repository, tag });
  return deployRelease({ repository, tag, commit, releasesDirectory: directory, timeoutMs: 60_000 });
}

async function plan() {
  const [from, to] = [
    await resolveRelease({ repository, tag: 'v1' }),
    await resolveRelease({ repository, tag: 'v2' }),
  ];
  const pinned = { from: 'v1', to: 'v2', fromCommit: from.commit, toCommit: to.commit };
  return planOn(NOWHERE, { pinned, target: { releases } });
}

test('production must run what a rollback goes back to', async () => {
  assert.deepEqual(codesOf(await findingsOf(presentRelease, await plan())), ['refusal release-unexpected']);
  await activateRelease({ releasesDirectory: directory, release: (await deployed('v1')).path });
  assert.deepEqual(await findingsOf(presentRelease, await plan()), []);
});

test('a next release that was exported ahead and edited is refused before the night', async () => {
  assert.deepEqual(await findingsOf(nextRelease, await plan()), []);
  const next = await deployed('v2');
  assert.deepEqual(await findingsOf(nextRelease, await plan()), []);
  writeFileSync(path.join(next.path, 'shop.py'), 'a quick fix');
  const [dirty] = await findingsOf(nextRelease, await plan());
  assert.equal(dirty?.code, 'release-dirty');
  assert.match(dirty?.seen ?? '', /shop\.py/);
});

test('a tag that is not there is a finding beside the others, and the plan is made as far as it goes', async () => {
  const runbook = (to: string) =>
    defineRunbook({
      name: 'tagged',
      title: 'Tagged',
      releases: { from: 'v1', to },
      targets: {
        production: {
          name: 'production',
          environment: 'production',
          database: NOWHERE,
          releases,
          settings: {},
        },
      },
      window: { start: '02:00', end: '04:00', zone: 'UTC' },
      protectedTables: [],
      matrix: [],
      steps: () => [],
    });
  const { plan: whole, findings: none } = await planForCheck(runbook('v2'), 'production');
  assert.deepEqual([none, whole.releases?.to], [[], 'v2']);
  const { plan: part, findings } = await planForCheck(runbook('v3'), 'production');
  assert.deepEqual([codesOf(findings), part.releases], [['refusal unknown-release'], null]);
  assert.match(findings[0]?.expected ?? '', /v2, v1|v1, v2/);
});
