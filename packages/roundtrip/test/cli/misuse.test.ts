import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';

const CLI = path.resolve(import.meta.dirname, '../../bin/roundtrip.ts');
const folder = mkdtempSync(path.join(tmpdir(), 'misuse-'));
after(() => rmSync(folder, { recursive: true }));

function roundtrip(...argv: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...argv], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

test('a command line that cannot be understood ends NDJSON with a verdict, too', () => {
  for (const [argv, seen] of [
    [['--json', 'frobnicate'], "unknown command 'frobnicate'"],
    [['check', '--json'], "required option '--target <name>' not specified"],
  ] as const) {
    const { status, stdout } = roundtrip(...argv);
    const verdict = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
    assert.deepEqual(
      [status, verdict.version, verdict.type, verdict.exitCode, verdict.error.code, verdict.error.seen],
      [2, 1, 'verdict', 2, 'usage', seen],
    );
  }
  assert.deepEqual([roundtrip('frobnicate').stdout, roundtrip('--json', '--help').status], ['', 0]);
});

test('a report that is not there is refused, and no error of ours', () => {
  const { status, stderr } = roundtrip('verify', 'report.html');
  assert.equal(status, 3);
  assert.match(stderr, /Refused \(report-missing\)\n {2}seen: .*misuse-.*report\.html: no such file/);
  assert.doesNotMatch(stderr, /^\s+at /m);
});

test('a module that exports something else is no runbook', () => {
  writeFileSync(path.join(folder, 'runbook.ts'), 'export default { hello: 1 };');
  const { status, stderr } = roundtrip('plan', '--target', 'production');
  assert.equal(status, 3);
  assert.match(stderr, /Refused \(runbook-unreadable\)\n {2}seen: .*its default export is no runbook/);
});
