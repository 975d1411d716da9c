import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { detectMigrationTools } from '../../src/init/migration-tool.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'project-'));
after(() => rmSync(folder, { recursive: true, force: true }));

let projects = 0;
function project(files: Readonly<Record<string, string>>): string {
  projects += 1;
  const root = path.join(folder, String(projects));
  mkdirSync(root);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.join(root, path.dirname(name)), { recursive: true });
    writeFileSync(path.join(root, name), text);
  }
  return root;
}

const PROJECTS: readonly (readonly [string, Readonly<Record<string, string>>, RegExp])[] = [
  ['Django', { 'manage.py': 'os.environ["DJANGO_SETTINGS_MODULE"]' }, /manage\.py migrate --noinput$/],
  [
    'Prisma',
    { 'prisma/schema.prisma': 'datasource db { provider = "postgresql" }' },
    /prisma migrate deploy$/,
  ],
  ['Drizzle', { 'drizzle.config.ts': '' }, /drizzle-kit migrate$/],
  ['Knex', { 'knexfile.js': '' }, /knex migrate:latest$/],
  ['node-pg-migrate', { 'package.json': '{"dependencies":{"node-pg-migrate":"8"}}' }, /node-pg-migrate up$/],
  ['Flyway', { 'flyway.toml': '' }, /flyway .*migrate$/],
  ['Flyway', { 'sql/V1__first.sql': '' }, /flyway .*migrate$/],
  ['Rails', { Gemfile: '', 'db/migrate/1_first.rb': '' }, /rails db:migrate$/],
  ['Alembic', { 'alembic.ini': '' }, /^alembic upgrade head$/],
];

describe('the migration tool of a project', () => {
  for (const [tool, files, command] of PROJECTS) {
    it(`${tool}, told by ${Object.keys(files).join(' and ')}`, () => {
      const found = detectMigrationTools(project(files));
      assert.deepEqual(
        found.map((each) => each.tool),
        [tool],
      );
      assert.match(found[0]?.argv.join(' ') ?? '', command);
      assert.ok(Object.keys(files).some((name) => name.startsWith(found[0]?.seen ?? '?')));
    });
  }

  it('is psql where nothing tells of one, or only looks alike', () => {
    for (const files of [
      {},
      { 'manage.py': 'print("a script of the shop")' },
      { 'db/migrate/1.sql': '' },
      { 'sql/report.sql': '' },
      { 'package.json': '{}' },
    ])
      assert.deepEqual(
        detectMigrationTools(project(files)).map(({ tool }) => tool),
        ['psql'],
      );
  });

  it('both of two are named', () => {
    const both = project({ 'alembic.ini': '', 'manage.py': 'import django' });
    assert.deepEqual(
      detectMigrationTools(both).map(({ tool }) => tool),
      ['Django', 'Alembic'],
    );
  });
});
