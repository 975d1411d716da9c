import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { testCluster } from 'pg-cluster/testing';
import { Failed } from '../../src/errors.ts';
import { connect, readPasswords, toolEnvironment, withClient } from '../../src/postgres/connection.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'connection-'));
const cluster = await testCluster();
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await cluster.release();
});

function passwordFile(text: string): string {
  const file = path.join(folder, `pgpass-${Math.random()}`);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

test('a password with colons and backslashes is read as libpq reads it', async () => {
  const address = await cluster.createDatabase();
  const secret = 'a:b\\c d\\:';
  await cluster.query(`CREATE ROLE "ro:le" LOGIN PASSWORD '${secret}'`);
  try {
    const escaped = (text: string): string => text.replaceAll(/[:\\]/g, '\\$&');
    const file = passwordFile(
      `# a comment\n\n127.0.0.1:1:*:*:wrong port\n*:*:${address.database}:${escaped('ro:le')}:${escaped(secret)}\n*:*:*:*:too late\n`,
    );
    assert.deepEqual(readPasswords(file), ['wrong port', secret, 'too late']);
    const user = await withClient(
      { ...address, user: 'ro:le', passwordFile: file },
      { applicationName: 't' },
      async (client) => {
        const { rows } = await client.query('SELECT current_user AS user');
        return rows[0].user;
      },
    );
    assert.equal(user, 'ro:le');
  } finally {
    await cluster.query('DROP ROLE "ro:le"');
  }
});

test('a failed connection names host, port and database and not the password', async () => {
  const address = await cluster.createDatabase();
  const file = passwordFile('*:*:*:*:canary-4711\n');
  await assert.rejects(connect({ ...address, passwordFile: file }, { applicationName: 't' }), (error) => {
    assert.ok(error instanceof Failed);
    assert.equal(error.code, 'connection-failed');
    assert.match(error.message, new RegExp(`${address.host}:${address.port}/${address.database}`));
    assert.doesNotMatch(`${error.message}${error.stack}`, /canary-4711/);
    return true;
  });
});

test('a missing password file, and one without a line that fits, are named', async () => {
  const address = await cluster.createDatabase();
  const missing = path.join(folder, 'no-such-file');
  await assert.rejects(connect({ ...address, passwordFile: missing }, { applicationName: 't' }), {
    code: 'password-file-unreadable',
  });
  const other = passwordFile('db.example:*:*:*:x\n');
  await assert.rejects(connect({ ...address, passwordFile: other }, { applicationName: 't' }), (error) => {
    assert.ok(error instanceof Failed && error.code === 'connection-failed');
    assert.match(error.message, /no line .* fits/);
    return true;
  });
});

test('a password file that others may read is refused, as libpq would ignore it', async () => {
  const address = await cluster.createDatabase();
  const open = passwordFile(readFileSync(address.passwordFile, 'utf8'));
  const { chmodSync } = await import('node:fs');
  chmodSync(open, 0o644);
  await assert.rejects(connect({ ...address, passwordFile: open }, { applicationName: 't' }), {
    code: 'password-file-open',
  });
});

test('settings that change how values print are pinned, whatever the role says', async () => {
  const address = await cluster.createDatabase();
  await cluster.query(`ALTER DATABASE ${address.database} SET "TimeZone" = 'Asia/Tokyo'`);
  await cluster.query(`ALTER DATABASE ${address.database} SET "DateStyle" = 'German'`);
  await withClient(address, { applicationName: 'pinned', lockTimeoutMs: 1234 }, async (client) => {
    const { rows } = await client.query(
      `SELECT timestamptz '2026-01-02 03:04:05+00' ::text AS at, current_setting('lock_timeout') AS wait, current_setting('application_name') AS name`,
    );
    assert.deepEqual(rows[0], { at: '2026-01-02 03:04:05+00', wait: '1234ms', name: 'pinned' });
  });
});

test('the environment of tools has a password file and no password', () => {
  const environment = toolEnvironment(
    { host: 'h', port: 5, user: 'u', database: 'd', passwordFile: '/f' },
    { applicationName: 'a' },
  );
  assert.equal(environment.PGPASSFILE, '/f');
  assert.equal('PGPASSWORD' in environment, false);
});

test('what guards an application, or operators against their own mistakes, does not end our sessions', async () => {
  const address = await cluster.createDatabase();
  for (const guard of [
    "idle_in_transaction_session_timeout = '10ms'",
    "idle_session_timeout = '10ms'",
    "statement_timeout = '10ms'",
    "lock_timeout = '10ms'",
    'default_transaction_read_only = on',
  ])
    await cluster.query(`ALTER DATABASE "${address.database}" SET ${guard}`);
  await withClient(address, { applicationName: 't' }, async (client) => {
    const { rows } = await client.query(
      `SELECT name FROM pg_settings WHERE setting NOT IN ('0', 'off')
         AND name IN ('idle_in_transaction_session_timeout', 'idle_session_timeout', 'statement_timeout', 'lock_timeout', 'default_transaction_read_only')`,
    );
    assert.deepEqual(rows, []);
    await client.query('CREATE TABLE bookkeeping (note text)');
  });
});
