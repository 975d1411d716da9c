import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EMPTY_CATALOGUE } from '../../src/lint/catalogue.ts';
import { type LintOptions, lintSql } from '../../src/lint/lint-sql.ts';

const lint = (text: string, options: LintOptions = {}) =>
  lintSql([{ name: 'm.sql', text }], { lockTimeoutIsSet: true, ...options });
const codes = async (text: string, options?: LintOptions): Promise<string[]> =>
  (await lint(text, options)).findings.map(({ code }) => code);

/** Dangerous, and the same done safely. */
const PAIRS: readonly (readonly [code: string, dangerous: string, safe: string])[] = [
  [
    'ddl-volatile-default',
    'ALTER TABLE orders ADD COLUMN token uuid DEFAULT gen_random_uuid()',
    'ALTER TABLE orders ADD COLUMN token uuid; ALTER TABLE orders ALTER COLUMN token SET DEFAULT gen_random_uuid()',
  ],
  ['ddl-volatile-default', 'ALTER TABLE orders ADD n bigserial', 'ALTER TABLE orders ADD n bigint DEFAULT 0'],
  [
    'ddl-not-null-without-default',
    'ALTER TABLE orders ADD COLUMN n int NOT NULL',
    'ALTER TABLE orders ADD COLUMN n int NOT NULL DEFAULT 0',
  ],
  [
    'ddl-set-not-null',
    'ALTER TABLE orders ALTER COLUMN n SET NOT NULL',
    `BEGIN; ALTER TABLE orders ADD CONSTRAINT n_set CHECK (n IS NOT NULL) NOT VALID; COMMIT;
     BEGIN; ALTER TABLE orders VALIDATE CONSTRAINT n_set; COMMIT;
     BEGIN; ALTER TABLE orders ALTER COLUMN n SET NOT NULL; COMMIT`,
  ],
  [
    'ddl-check-scans',
    'ALTER TABLE orders ADD CONSTRAINT positive CHECK (total >= 0)',
    'ALTER TABLE orders ADD CONSTRAINT positive CHECK (total >= 0) NOT VALID',
  ],
  [
    'ddl-foreign-key-scans',
    'ALTER TABLE orders ADD CONSTRAINT who FOREIGN KEY (user_id) REFERENCES users',
    'ALTER TABLE orders ADD CONSTRAINT who FOREIGN KEY (user_id) REFERENCES users NOT VALID',
  ],
  [
    'ddl-validate-at-once',
    `ALTER TABLE orders ADD CONSTRAINT c CHECK (true) NOT VALID; ALTER TABLE orders VALIDATE CONSTRAINT c`,
    `BEGIN; ALTER TABLE orders ADD CONSTRAINT c CHECK (true) NOT VALID; COMMIT; ALTER TABLE orders VALIDATE CONSTRAINT c`,
  ],
  [
    'ddl-unique-scans',
    'ALTER TABLE orders ADD CONSTRAINT u UNIQUE (number)',
    'ALTER TABLE orders ADD CONSTRAINT u UNIQUE USING INDEX orders_number',
  ],
  ['ddl-index-blocks', 'CREATE INDEX ON orders (total)', 'CREATE INDEX CONCURRENTLY ON orders (total)'],
  ['ddl-drop-index-blocks', 'DROP INDEX orders_total', 'DROP INDEX CONCURRENTLY orders_total'],
  [
    'ddl-in-transaction',
    'BEGIN; CREATE INDEX CONCURRENTLY ON orders (a); COMMIT',
    'CREATE INDEX CONCURRENTLY ON orders (a)',
  ],
  ['ddl-rewrites', 'ALTER TABLE orders SET UNLOGGED', 'ALTER TABLE orders SET (fillfactor = 90)'],
  ['ddl-rewrites', 'VACUUM FULL orders', 'VACUUM orders'],
  ['ddl-refresh-blocks', 'REFRESH MATERIALIZED VIEW totals', 'REFRESH MATERIALIZED VIEW CONCURRENTLY totals'],
  ['ddl-opaque', 'DO $$BEGIN DELETE FROM orders; END$$', 'DELETE FROM orders WHERE total = 0'],
  [
    'ddl-several-tables',
    'ALTER TABLE orders ADD a int; ALTER TABLE users ADD a int',
    'BEGIN; ALTER TABLE orders ADD a int; COMMIT; BEGIN; ALTER TABLE users ADD a int; COMMIT',
  ],
  [
    'ddl-fills-behind-lock',
    'ALTER TABLE orders ADD a int; UPDATE orders SET a = id',
    'BEGIN; ALTER TABLE orders ADD a int; COMMIT; UPDATE orders SET a = id',
  ],
  ['ddl-unparsable', 'ALTER TABEL orders ADD a int', 'ALTER TABLE orders ADD a int'],
];

describe('lintSql', () => {
  for (const [code, dangerous, safe] of PAIRS)
    it(`${code}: ${dangerous}`, async () => {
      assert.deepEqual(await codes(dangerous), [code]);
      assert.deepEqual(await codes(safe), []);
    });

  it('says nothing of tables that the migrations make themselves', async () => {
    assert.deepEqual(
      await codes(`CREATE TABLE new (id bigserial PRIMARY KEY, name text); CREATE INDEX ON new (name);
        ALTER TABLE new ADD COLUMN x uuid DEFAULT gen_random_uuid(), ALTER COLUMN name SET NOT NULL; DROP INDEX new_name`),
      ['ddl-drop-index-blocks'],
    );
    const files = [
      { name: '1.sql', text: 'CREATE TABLE new (id int)' },
      { name: '2.sql', text: 'ALTER TABLE new RENAME TO newer; CREATE INDEX i ON newer (id); DROP INDEX i' },
    ];
    assert.deepEqual((await lintSql(files)).findings, []);
  });

  it('a table that is there already is not made by IF NOT EXISTS', async () => {
    const sql = 'CREATE TABLE IF NOT EXISTS users (id int); CREATE INDEX ON users (id)';
    const catalogue = { ...EMPTY_CATALOGUE, columns: { 'public.users.id': 'integer' } };
    assert.deepEqual(await codes(sql), []);
    assert.deepEqual(await codes(sql, { catalogue }), ['ddl-index-blocks']);
  });

  it('asks for a lock_timeout before the first lock that customers may wait for, once a file', async () => {
    const bare = { lockTimeoutIsSet: false };
    const statements = 'ALTER TABLE orders ADD a int; ALTER TABLE orders ADD b int';
    assert.deepEqual(await codes(statements, bare), ['ddl-no-lock-timeout']);
    assert.deepEqual(await codes(`SET LOCAL lock_timeout = '2s'; ${statements}`, bare), []);
    assert.deepEqual(await codes(`SET lock_timeout = 0; ${statements}`, bare), ['ddl-no-lock-timeout']);
    const again = `SET LOCAL lock_timeout = '2s'; ALTER TABLE orders ADD a int; COMMIT; BEGIN; ALTER TABLE orders ADD b int; COMMIT`;
    assert.deepEqual(
      await codes(`BEGIN; ${again}`, bare),
      ['ddl-no-lock-timeout'],
      'LOCAL ends with its transaction',
    );
    assert.deepEqual(await codes(`BEGIN; ${again.replace('LOCAL ', '')}`, bare), []);
    assert.deepEqual(await codes(`SET lock_timeout = 5; RESET lock_timeout; ${statements}`, bare), [
      'ddl-no-lock-timeout',
    ]);
    assert.deepEqual(await codes('CREATE TABLE new (id int); SELECT 1', bare), []);
  });

  it('a change of type is judged by the type that the database has', async () => {
    const wider = 'ALTER TABLE users ALTER COLUMN name TYPE varchar(100)';
    const knows = (type: string) => ({
      catalogue: { ...EMPTY_CATALOGUE, columns: { 'public.users.name': type } },
    });
    assert.deepEqual(await codes(wider), ['ddl-type-change']);
    assert.deepEqual(await codes(wider, knows('character varying(50)')), []);
    assert.deepEqual(await codes(wider, knows('character varying(200)')), ['ddl-type-change']);
    assert.deepEqual(await codes(`${wider} USING upper(name)`, knows('character varying(50)')), [
      'ddl-type-change',
    ]);
  });

  it('what the running release uses is refused, what it does not use passes, what nobody asked warns', async () => {
    const sql = 'ALTER TABLE orders RENAME COLUMN total TO amount';
    const severity = async (usedIn?: LintOptions['usedIn']) =>
      (await lint(sql, { usedIn })).findings.map(({ severity, seen }) => [
        severity,
        seen.includes('src/cart.ts'),
      ]);
    assert.deepEqual(await severity(), [['warning', false]]);
    assert.deepEqual(await severity((name) => (name === 'total' ? ['src/cart.ts'] : [])), [
      ['refusal', true],
    ]);
    assert.deepEqual(await severity(() => []), []);
    for (const other of [
      'DROP TABLE orders',
      'ALTER TABLE orders RENAME TO purchases',
      'ALTER TABLE orders DROP total',
    ])
      assert.deepEqual(await codes(other), ['ddl-breaks-release']);
  });

  it('names file and line, after comments, umlauts and commands of psql', async () => {
    const text =
      '\\set ON_ERROR_STOP on\n-- Größe; ещё\n\nSELECT 1;\n/* two\nlines */ CREATE INDEX ON orders (total);\n';
    const { statements, findings } = await lint(text);
    assert.deepEqual(
      statements.map(({ line, sql }) => [line, sql]),
      [
        [4, 'SELECT 1'],
        [6, 'CREATE INDEX ON orders (total)'],
      ],
    );
    assert.deepEqual([findings[0]?.file, findings[0]?.line], ['m.sql', 6]);
    assert.equal((await lint('SELECT 1;\n\nSELEKT 2')).findings[0]?.line, 3);
    assert.deepEqual((await lint('-- nothing\n')).statements, []);
  });

  it('numbers transactions: a file, a block, or each statement where one cannot be in a block', async () => {
    const numbers = async (text: string) =>
      (await lint(text)).statements.map(({ transaction }) => transaction);
    assert.deepEqual(await numbers('SELECT 1; SELECT 2'), [1, 1]);
    assert.deepEqual(await numbers('BEGIN; SELECT 1; COMMIT; SELECT 2; SELECT 3'), [1, 1, 1, 2, 3]);
    assert.deepEqual(await numbers('VACUUM a; SELECT 2'), [1, 2]);
  });
});
