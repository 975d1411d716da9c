import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  globSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const ROOT = path.resolve(import.meta.dirname, '../../..');
const COMMERCEML = path.join(ROOT, 'packages/commerceml/bin/commerceml.ts');
const folder = mkdtempSync(path.join(tmpdir(), 'story-checks-'));
const exchange = path.join(folder, 'exchange');
const targets = path.join(folder, 'targets.json');

interface Finding {
  readonly check: string;
  readonly code: string;
  readonly seen: string;
}

before(async () => {
  const repository = path.join(folder, 'repository');
  mkdirSync(repository);
  const git = (...argv: string[]) =>
    execute('git', ['-C', repository, '-c', 'user.name=t', '-c', 'user.email=t@example.com', ...argv]);
  await git('init', '-q');
  await git('commit', '-q', '--allow-empty', '-m', 'both');
  for (const tag of ['v13.3', 'v13.4']) await git('tag', tag);
  await execute(process.execPath, [
    COMMERCEML,
    'generate',
    exchange,
    '--goods',
    '20',
    '--offers-per-good',
    '3',
  ]);
});
after(() => rmSync(folder, { recursive: true }));

/** What the story's own checks report; the database is nowhere, and is reported by others. */
async function found(settings: Readonly<Record<string, string>> = {}): Promise<readonly Finding[]> {
  const production = {
    environment: 'production',
    database: { host: '127.0.0.1', port: 1, user: 'nobody', database: 'none' },
    releases: { repository: path.join(folder, 'repository'), directory: path.join(folder, 'releases') },
    settings: {
      ...{ node: process.execPath, commerceml: COMMERCEML, baseUrl: 'http://127.0.0.1:1', port: '1' },
      ...{ runDirectory: folder, logDirectory: folder, maintenanceFlag: path.join(folder, 'flag'), exchange },
      ...settings,
    },
  };
  writeFileSync(targets, JSON.stringify({ production }));
  const argv = ['packages/roundtrip/bin/roundtrip.ts', 'check', '--target', 'production', '--json'];
  const places = ['--runbook', 'runbooks/product-variant/runbook.ts', '--state', path.join(folder, 'state')];
  const { stdout } = await execute(process.execPath, [...argv, ...places], {
    cwd: ROOT,
    env: { ...process.env, ROUNDTRIP_TARGETS: targets },
  }).catch((error: { stdout: string }) => error);
  const findings = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Finding);
  assert.ok(
    findings.some(({ code }) => code === 'connection-failed'),
    stdout,
  );
  return findings.filter(({ check }) => /^(1C|CI|gate)/.test(String(check)));
}

test('a whole exchange passes; one with too little, too old, or a build and gates that are not there, is refused at once', async () => {
  assert.deepEqual(await found(), []);
  const yesterday = new Date(Date.now() - 48 * 3_600_000);
  for (const file of globSync(path.join(exchange, '**/*.xml'))) utimesSync(file, yesterday, yesterday);
  const refused = await found({
    exchangeMaxAge: '24h',
    exchangeAtLeast: '{"goods":5000}',
    exchangeUrl: 'http://127.0.0.1:1/exchange',
    buildUrl: 'http://127.0.0.1:1/{commit}',
    gates: '[["false"]]',
  });
  assert.deepEqual(
    refused.map(({ check, code }) => `${check}: ${code}`),
    [
      '1C exchange: files-stale',
      '1C exchange: command-says-no',
      '1C: answer-unexpected',
      'CI of the release: build-not-green',
      'gate false: command-says-no',
    ],
  );
  assert.match(refused[1]?.seen ?? '', /goods is 20/);
});

test('an exchange that was cut off is refused by the reader, where it ends', async () => {
  const [offers = ''] = globSync(path.join(exchange, 'offers/*.xml'));
  truncateSync(offers, Math.floor(statSync(offers).size / 2));
  const [refused] = await found();
  assert.equal(refused?.code, 'command-says-no');
  assert.match(refused?.seen ?? '', /offers/);
});
