import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { listedCheck } from '../../src/checks/listed-check.ts';
import { requireAnswer } from '../../src/checks/require-answer.ts';
import { requireBuild } from '../../src/checks/require-build.ts';
import { requireCommand } from '../../src/checks/require-command.ts';
import { requireFiles } from '../../src/checks/require-files.ts';
import type { CheckSpec } from '../../src/runbook/check-spec.ts';
import { codesOf, findingsOf, planOn } from './check-context.ts';

const NOWHERE = { host: '127.0.0.1', port: 1, user: 'nobody', database: 'none' };
const COMMIT = '0c9ff2d1c9ff2d1c9ff2d1c9ff2d1c9ff2d1c9f1';
const pinned = { from: 'v1', to: 'v2', fromCommit: 'a'.repeat(40), toCommit: COMMIT };

const folder = mkdtempSync(path.join(tmpdir(), 'listed-'));
/** A build server: what it answers for a path; what it was asked with. */
const verdicts = new Map<string, readonly (string | null)[]>();
const asked: (string | undefined)[] = [];
const server = createServer((request, response) => {
  asked.push(request.headers.authorization);
  const runs = verdicts.get(request.url ?? '');
  response.statusCode = runs === undefined ? 404 : 200;
  response.end(JSON.stringify({ check_runs: (runs ?? []).map((conclusion) => ({ conclusion })) }));
});
let base: string;
before(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

const found = (spec: CheckSpec, now = new Date()) => {
  // As the plan holds it: through JSON.
  const plan = planOn(NOWHERE, { checks: () => [spec], pinned });
  const [planned] = plan.checks ?? [];
  assert.ok(planned);
  return findingsOf(listedCheck(planned), plan, { now });
};
const codes = async (spec: CheckSpec, now?: Date) => codesOf(await found(spec, now));

test('an earlier gate passes by its exit code, told which commit is meant', async () => {
  const gate = (...argv: string[]) => requireCommand({ name: 'Story 13.3', argv, cure: 'finish story 13.3' });
  assert.deepEqual(await found(gate('sh', '-c', 'test "$0" = "$1"', '{commit}', COMMIT)), []);
  const [refused] = await found(gate('sh', '-c', 'echo two tests are red >&2; exit 1'));
  assert.equal(refused?.code, 'command-says-no');
  assert.match(refused?.seen ?? '', /exit code 1: two tests are red/);
  assert.equal(refused?.cure, 'finish story 13.3');
  assert.deepEqual(await codes(gate(path.join(folder, 'no-such-gate'))), ['refusal command-says-no']);
});

test('a command that says 0 and prints the wrong numbers is refused by each of them', async () => {
  const reader = (printed: string) =>
    requireCommand({
      argv: ['echo', printed],
      prints: [
        { path: 'full', is: '=', value: true },
        { path: 'goods', is: '>=', value: 1 },
      ],
    });
  assert.deepEqual(await found(reader('{"full":true,"goods":27}')), []);
  const refused = await found(reader('{"full":false,"goods":0}'));
  assert.deepEqual(
    refused.map(({ seen }) => seen),
    ['echo: full is false', 'echo: goods is 0'],
  );
  assert.equal((await found(reader('not JSON'))).length, 2);
});

test('an address must answer, and as expected', async () => {
  verdicts.set('/exchange', []);
  assert.deepEqual(await found(requireAnswer({ request: { url: `${base}/exchange` } })), []);
  assert.deepEqual(await codes(requireAnswer({ request: { url: `${base}/gone` } })), [
    'refusal answer-unexpected',
  ]);
  const closed = requireAnswer({ request: { url: 'http://127.0.0.1:1/' }, cure: 'ask the 1C people' });
  const [refused] = await found(closed);
  assert.deepEqual([refused?.code, refused?.cure], ['answer-unexpected', 'ask the 1C people']);
});

test('the build of the very commit is green, and asked with the token of a file', async () => {
  const tokenFile = path.join(folder, 'token');
  writeFileSync(tokenFile, 'of the test\n', { mode: 0o600 });
  const build = requireBuild({ url: `${base}/{commit}`, at: 'check_runs.*.conclusion', tokenFile });
  verdicts.set(`/${COMMIT}`, ['success', 'skipped']);
  assert.deepEqual(await found(build), []);
  assert.equal(asked.at(-1), 'Bearer of the test');
  for (const [runs, seen] of [
    [['success', 'failure'], /1 of 2: "failure"/],
    [['success', null], /1 of 2: null/], // Still running.
    [[], /no verdict/],
  ] as const) {
    verdicts.set(`/${COMMIT}`, runs);
    const [refused] = await found(build);
    assert.equal(refused?.code, 'build-not-green');
    assert.match(refused?.seen ?? '', seen);
    assert.match(refused?.expected ?? '', /v2 \(0c9ff2d1c9ff\)/);
  }
  verdicts.delete(`/${COMMIT}`);
  assert.match((await found(build))[0]?.seen ?? '', /answers 404/);
  assert.equal(
    (await found(requireBuild({ url: 'http://127.0.0.1:1/', at: 'state' })))[0]?.code,
    'build-not-green',
  );
});

test('files to be imported are there, not empty, fresh and at rest', async () => {
  const exchange = path.join(folder, 'exchange');
  const spec = requireFiles({ folder: exchange, maxAge: '12h', rest: '2min' });
  const writtenAt = new Date('2026-11-20T00:00:00Z');
  const later = (minutes: number): Date => new Date(writtenAt.getTime() + minutes * 60_000);
  assert.deepEqual(await codes(spec), ['refusal files-missing']);
  mkdirSync(path.join(exchange, 'goods'), { recursive: true });
  assert.deepEqual(await codes(spec), ['refusal files-missing']);
  const file = path.join(exchange, 'goods/import.xml');
  writeFileSync(file, '<goods/>');
  utimesSync(file, writtenAt, writtenAt);
  assert.deepEqual(await codes(spec, later(60)), []);
  assert.deepEqual(await codes(spec, later(1)), ['refusal files-changing']);
  assert.deepEqual(await codes(spec, later(13 * 60)), ['refusal files-stale']);
  assert.deepEqual(await codes(requireFiles({ folder: file, maxAge: '12h' }), later(60)), []);
  assert.deepEqual(await codes(requireFiles({ folder: file, maxAge: '12h' }), later(13 * 60)), [
    'refusal files-stale',
  ]);
  writeFileSync(path.join(exchange, 'offers.xml'), '');
  utimesSync(path.join(exchange, 'offers.xml'), writtenAt, writtenAt);
  const [empty] = await found(spec, later(60));
  assert.equal(empty?.code, 'files-empty');
  assert.match(empty?.seen ?? '', /offers\.xml/);
});

test('what a runbook checks is part of its plan, and a check of rehearsals alone is not made before a run', () => {
  const spec = requireFiles({ folder: '/srv/x', before: ['rehearsal'] });
  const plan = planOn(NOWHERE, { checks: () => [spec] });
  assert.deepEqual(
    plan.checks?.map(({ kind, before }) => [kind, before]),
    [['files', ['rehearsal']]],
  );
  assert.equal('checks' in planOn(NOWHERE), false, 'a runbook without checks keeps the hash that it had');
});
