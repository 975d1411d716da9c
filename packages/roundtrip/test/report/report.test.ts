import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { verifyReport } from '../../src/report/verify-report.ts';
import { RUN } from '../faults/every-boundary.ts';
import { buildToyStage, type ToyStage } from '../faults/toy-stage.ts';

const execute = promisify(execFile);
const CLI = path.resolve(import.meta.dirname, '../../bin/roundtrip.ts');

let stage: ToyStage;
let html = '';
let json = '';
before(async () => {
  stage = await buildToyStage();
  await stage.reset();
  assert.equal((await stage.verb(0, ...RUN)).exitCode, 0);
  const report = async (format: string): Promise<string> =>
    (
      await execute(process.execPath, [
        CLI,
        'report',
        '--target',
        'production',
        '--format',
        format,
        '--state',
        path.join(stage.folder, 'state'),
      ])
    ).stdout;
  html = await report('html');
  json = await report('json');
});
after(() => stage.close());

describe('report and verify', () => {
  it('a report verifies, in HTML as in JSON, and so does the journal', () => {
    const [journal = ''] = globSync(path.join(stage.folder, 'state/runs/*/journal.ndjson'));
    for (const text of [html, json, readFileSync(journal, 'utf8')])
      assert.deepEqual(verifyReport(text).problems, []);
  });

  it('a changed number does not', () => {
    assert.match(
      verifyReport(json.replace(/"actualMs": \d+/, '"actualMs": 999999')).problems.join(),
      /"timeline" does not follow/,
    );
    assert.match(
      verifyReport(
        json.replace('"verdict": "succeeded",\n    "planHash"', '"verdict": "rolled-back",\n    "planHash"'),
      ).problems.join(),
      /"verdict" does not follow/,
    );
  });

  it('a changed plan or record does not', () => {
    assert.match(
      verifyReport(json.replaceAll('"retryAfterSeconds": 600', '"retryAfterSeconds": 601')).problems.join(),
      /plan has the hash/,
    );
    assert.match(
      verifyReport(html.replace('"attempt":1', '"attempt":2')).problems.join(),
      /line \d+ of the journal/,
    );
  });

  it('a damaged file is a finding, not a crash', () => {
    assert.equal(verifyReport(html.slice(0, html.length / 2)).problems.length, 1);
    assert.equal(verifyReport('').problems.length, 1);
  });

  it('the command says so with its exit code', async () => {
    const file = path.join(stage.folder, 'report.html');
    writeFileSync(file, html);
    assert.match((await execute(process.execPath, [CLI, 'verify', file])).stdout, /^verified: \d+ records/);
    writeFileSync(file, html.replace('"attempt":1', '"attempt":2'));
    await assert.rejects(execute(process.execPath, [CLI, 'verify', file]), { code: 3 });
  });

  it('the page runs nothing and shows what it must', () => {
    assert.doesNotMatch(html, /<script(?! type="application\/json")|<link|https?:\/\/(?!127)/);
    for (const text of ['Protected tables', 'order_items', 'Timeline', 'roundtrip verify'])
      assert.ok(html.includes(text), text);
  });
});
