import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { serveDashboard } from '../../src/dashboard/server/serve-dashboard.ts';
import { locateRun } from '../../src/journal/run-directory.ts';
import { createRedactor } from '../../src/process/redact.ts';
import { type RecordedRun, recordedRun, recordUntilMigration } from '../dashboard/recorded-run.ts';

const CLI = path.resolve(import.meta.dirname, '../../bin/roundtrip.ts');
const NAMES = ['journal.ndjson', 'plan.json'];

/** An auditor was given the folder of one run: no state folder around it, no receipts, no database to ask. */
describe('a run that was copied elsewhere', () => {
  const desk = mkdtempSync(path.join(tmpdir(), 'auditor-'));
  const evidence = path.join(desk, 'evidence');
  let run: RecordedRun;
  before(() => {
    run = recordedRun({ kind: 'live' });
    recordUntilMigration(run);
  });
  beforeEach(() => {
    rmSync(evidence, { recursive: true, force: true });
    for (const name of NAMES) cpSync(path.join(run.folder, name), path.join(evidence, name));
  });
  after(() => rmSync(desk, { recursive: true, force: true }));

  const roundtrip = (...argv: string[]) =>
    spawnSync(process.execPath, [CLI, ...argv], { cwd: desk, encoding: 'utf8' });

  it('is found where it lies, as one in its folder of state is', () => {
    assert.deepEqual(locateRun(run.folder), { state: { root: run.state.root }, runId: run.runId });
    assert.deepEqual(locateRun(evidence), {
      state: { root: evidence, loneRun: 'evidence' },
      runId: 'evidence',
    });
    assert.throws(() => locateRun(run.state.root), { code: 'not-a-run' });
  });

  it('makes the same report as where it ran, and nothing beside it', () => {
    const there = roundtrip('report', '--run', run.runId, '--state', run.state.root, '--format', 'json');
    const here = roundtrip('report', evidence, '--format', 'json');
    assert.equal(here.status, 0, here.stderr);
    assert.equal(here.stdout, there.stdout);
    assert.deepEqual([readdirSync(desk), readdirSync(evidence).sort()], [['evidence'], NAMES]);
  });

  it('is verified with its plan', () => {
    const whole = roundtrip('verify', evidence);
    assert.equal(whole.status, 0, whole.stdout);
    assert.match(whole.stdout, /^verified: \d+ records/);
    const plan = path.join(evidence, 'plan.json');
    writeFileSync(plan, readFileSync(plan, 'utf8').replace('"protectedTables"', '"protectedtables"'));
    const edited = roundtrip('verify', evidence);
    assert.equal(edited.status, 3);
    assert.match(edited.stdout, /the plan has the hash \w+, the run pinned \w+/);
    assert.equal(roundtrip('report', evidence).status, 3);
  });

  it('is refused without its plan, saying what is missing', () => {
    rmSync(path.join(evidence, 'plan.json'));
    for (const verb of ['verify', 'report']) {
      const refused = roundtrip(verb, evidence);
      assert.equal(refused.status, 3, refused.stderr);
      assert.match(refused.stderr, /evidence has no plan\.json/);
    }
  });

  it('is shown by the dashboard', async () => {
    const dashboard = await serveDashboard({
      ...locateRun(evidence),
      host: '127.0.0.1',
      port: 0,
      redactorFor: () => createRedactor([]),
      now: () => new Date(),
    });
    try {
      const cookie = (await fetch(dashboard.url, { redirect: 'manual' })).headers.get('set-cookie') ?? '';
      const events = await fetch(`${dashboard.origin}/api/events`, {
        headers: { cookie: cookie.split(';')[0] ?? '' },
      });
      let text = '';
      for await (const chunk of events.body ?? []) {
        text += new TextDecoder().decode(chunk);
        if (/event: (view|problem)\n.*\n\n/.test(text)) break;
      }
      assert.match(text, /event: view\n.*Products become variants/);
    } finally {
      await dashboard.close();
    }
  });
});
