import assert from 'node:assert/strict';
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';

const ROOT = path.resolve(import.meta.dirname, '../../../..');
const GUIDES = path.join(ROOT, 'docs/migrations');
const FILES = { en: 'migration-guide.md', ru: 'migration-guide.ru.md' } as const;
/** Without a receipt, as the committed guides are. */
const folder = mkdtempSync(path.join(tmpdir(), 'guide-'));

function blocksOf(file: string, language: string): string[] {
  const text = readFileSync(path.join(GUIDES, file), 'utf8');
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    ([, block = '']) => block,
  );
}

/** Comments and reasons are in the language of the guide. */
function withoutComments(block: string): string {
  return block.replaceAll(/ *#.*$/gm, '').replaceAll(/--reason "[^"]*"/g, '--reason');
}

/** As the guide itself says: the runbook of the shop and the targets that lie beside it. */
function guide(...argv: readonly string[]): SpawnSyncReturns<string> {
  const cli = path.join(ROOT, 'packages/roundtrip/bin/roundtrip.ts');
  return spawnSync(process.execPath, [cli, 'guide', '--target', 'production', ...argv], {
    encoding: 'utf8',
    timeout: 120_000,
    env: {
      ...process.env,
      ROUNDTRIP_RUNBOOK: path.join(ROOT, 'runbooks/product-variant/runbook.ts'),
      ROUNDTRIP_TARGETS: path.join(GUIDES, 'targets.example.json'),
      ROUNDTRIP_STATE: path.join(folder, 'state'),
    },
  });
}

describe('the migration guide', () => {
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const [language, file] of Object.entries(FILES)) {
    it(`${file}: its generated parts are what the runbook says now`, () => {
      const { status, stderr } = guide('--lang', language, '--into', path.join(GUIDES, file), '--check');
      assert.equal(status, 0, stderr);
    });
  }

  it('in both languages has the same parts of the same targets, in the same order', () => {
    const marks = Object.values(FILES).map((file) =>
      readFileSync(path.join(GUIDES, file), 'utf8').match(/^<!-- roundtrip guide: .*$/gm),
    );
    assert.ok((marks[0] ?? []).length >= 6);
    assert.deepEqual(marks[1], marks[0]);
  });

  it('in both languages gives the same to type, but for what is said about it', () => {
    const typed = Object.values(FILES).map((file) => blocksOf(file, 'sh').map(withoutComments));
    assert.ok((typed[0] ?? []).length > 5);
    assert.deepEqual(typed[1], typed[0]);
  });

  it('has a front door that nginx takes, and that asks the other release as the one of the demo does', () => {
    const demo = readFileSync(path.join(ROOT, 'runbooks/product-variant/demo/front-door.ts'), 'utf8');
    const asked = /proxy_next_upstream [^;]+;/.exec(demo)?.[0] ?? 'no such line in the demo';
    for (const file of Object.values(FILES)) {
      const [block = ''] = blocksOf(file, 'nginx');
      assert.ok(block.includes(asked), `${file}: ${asked}`);
      const configuration = path.join(folder, 'nginx.conf');
      writeFileSync(
        configuration,
        `pid ${folder}/nginx.pid; events {} http { access_log off; client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi; uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;\n${block}}`,
      );
      const { status, stderr } = spawnSync(
        '/usr/sbin/nginx',
        ['-t', '-p', folder, '-c', configuration, '-e', path.join(folder, 'error.log')],
        { encoding: 'utf8', timeout: 60_000 },
      );
      assert.equal(status, 0, stderr);
    }
  });

  it('has pieces of JSON that are some', () => {
    for (const file of Object.values(FILES))
      for (const piece of blocksOf(file, 'json')) assert.ok(JSON.parse(`{${piece}}`).alerts.length > 0, file);
  });

  it('written into a copy that went stale, it is the committed one again, byte for byte', () => {
    const committed = readFileSync(path.join(GUIDES, FILES.en), 'utf8');
    const copy = path.join(folder, FILES.en);
    cpSync(path.join(GUIDES, FILES.en), copy);
    writeFileSync(copy, committed.replace('| 02:00 |', '| 03:00 |'));
    const checked = guide('--into', copy, '--check', '--json');
    assert.equal(checked.status, 3, checked.stderr);
    assert.equal(JSON.parse(checked.stdout).error.code, 'guide-stale');
    assert.deepEqual(JSON.parse(guide('--into', copy, '--json').stdout).changed, true);
    assert.equal(readFileSync(copy, 'utf8'), committed);
    assert.deepEqual(JSON.parse(guide('--into', copy, '--json').stdout).changed, false);
  });

  it('refuses a file that it cannot read, and one without marks, which stays as it is', () => {
    const missing = guide('--into', path.join(folder, 'nowhere.md'), '--json');
    assert.equal(JSON.parse(missing.stdout).error.code, 'guide-unreadable');
    const plain = path.join(folder, 'plain.md');
    writeFileSync(plain, 'text\n');
    const refused = guide('--into', plain, '--json');
    assert.equal(JSON.parse(refused.stdout).error.code, 'guide-marks');
    assert.equal(readFileSync(plain, 'utf8'), 'text\n');
  });

  it('on stdout is a document, or one part of it', () => {
    assert.match(guide('--lang', 'ru').stdout, /^# Story 13\.4[\s\S]*\n## Матрица решений об откате\n/);
    assert.match(guide('--part', 'matrix').stdout, /^\| problem \|/);
  });
});
