import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { type TestCluster, testCluster } from 'pg-cluster/testing';

const ROOT = path.resolve(import.meta.dirname, '../../../..');
const GUIDES = ['admin-guide.md', 'admin-guide.ru.md'];
const execute = promisify(execFile);

/** What a guide gives to type, in its order. */
function blocks(file: string, language: 'sh' | 'sql'): string[] {
  const text = readFileSync(path.join(ROOT, 'docs/migrations', file), 'utf8');
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    ([, code = '']) => code,
  );
}

describe('the admin guide', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'admin-guide-'));
  const exchange = path.join(folder, 'exchange');
  let cluster: TestCluster;
  let database: string;
  let env: Record<string, string>;

  /** As in a terminal of the shop's machine, where both words are on the PATH. */
  const type = async (commands: string): Promise<string> => {
    const named = (name: string) =>
      `${name}() { "${process.execPath}" "${ROOT}/packages/${name}/bin/${name}.ts" "$@"; }\n`;
    const script = `set -euo pipefail\ncd "${folder}"\n${named('freesport')}${named('commerceml')}${commands}`;
    const { stdout } = await execute('bash', ['-c', script], { env, timeout: 300_000 });
    return stdout;
  };

  before(async () => {
    cluster = await testCluster();
    const { host, port, user, database: name, passwordFile } = await cluster.createDatabase();
    database = name;
    env = {
      PATH: process.env.PATH ?? '',
      HOME: folder,
      PGHOST: host,
      PGPORT: String(port),
      PGUSER: user,
      PGDATABASE: name,
      PGPASSFILE: passwordFile ?? '',
    };
    writeFileSync(path.join(folder, 'password-file'), 'a password that is long enough\n', { mode: 0o600 });
    await type(`freesport migrate\ncommerceml generate "${exchange}" --goods 60`);
  });
  after(async () => {
    await cluster.release();
    rmSync(folder, { recursive: true, force: true });
  });

  it('gives the same to type in both languages', () => {
    const [english = '', russian = ''] = GUIDES;
    for (const language of ['sh', 'sql'] as const) {
      assert.ok(blocks(english, language).length > 0, language);
      assert.deepEqual(blocks(russian, language), blocks(english, language));
    }
  });

  it('has commands that do what it says', async () => {
    const commands = blocks('admin-guide.md', 'sh')
      .join('')
      .replaceAll('/srv/1c/exchange', exchange)
      .replaceAll('/var/log/freesport/', `${folder}/`);
    await type(commands);
    const { rows } = await cluster.query(
      'SELECT role, is_staff FROM users WHERE email LIKE $1 ORDER BY email',
      ['%@example.com'],
      database,
    );
    assert.deepEqual(rows, [
      { role: 'admin', is_staff: true },
      { role: 'retail', is_staff: true },
    ]);
    const [warning = ''] = readFileSync(path.join(folder, 'import.ndjson'), 'utf8').split('\n');
    assert.equal(typeof JSON.parse(warning).code, 'string');
  });

  it('counts as the exchange does, and asks the database in words that it understands', async () => {
    const counted = JSON.parse(await type(`commerceml inspect "${exchange}" --json`)) as Record<
      string,
      number
    >;
    const { goods = 0, offers = 0, offersOrphaned = 0, goodsWithoutOffer = 0 } = counted;
    const { rows } = await cluster.query(
      'SELECT (SELECT count(*)::int FROM products) AS products, (SELECT count(*)::int FROM product_variants) AS variants',
      [],
      database,
    );
    assert.deepEqual(rows, [{ products: goods, variants: offers - offersOrphaned + goodsWithoutOffer }]);
    for (const statement of blocks('admin-guide.md', 'sql').join('').split(';\n'))
      if (statement.trim() !== '') {
        const answer = await cluster.query(statement, [], database);
        assert.ok(answer.rows.length > 0, statement);
      }
  });

  it('explains every kind of warning that the import of such an exchange leaves, or names where it is', async () => {
    const explained = readFileSync(path.join(ROOT, 'docs/migrations/admin-guide.md'), 'utf8');
    const errors = readFileSync(path.join(ROOT, 'docs/errors.md'), 'utf8');
    const { rows } = await cluster.query('SELECT DISTINCT code FROM import_warnings', [], database);
    assert.ok(rows.length > 3);
    for (const { code } of rows)
      assert.ok(explained.includes(`\`${code}\``) || errors.includes(code), `nobody explains ${code}`);
  });
});
