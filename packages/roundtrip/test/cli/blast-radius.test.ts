import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { testCluster } from 'pg-cluster/testing';

const CLI = path.resolve(import.meta.dirname, '../../bin/roundtrip.ts');
const cluster = await testCluster();
after(() => cluster.release());

describe('blast-radius', () => {
  it('works on any database without a runbook, and follows what is declared beside the constraints', async () => {
    const { host, port, user, database, passwordFile } = await cluster.createDatabase();
    await cluster.query(
      `CREATE TABLE products (id int PRIMARY KEY); INSERT INTO products SELECT generate_series(1, 3);
       CREATE TABLE order_items (product_id int); INSERT INTO order_items VALUES (1), (1), (9)`,
      [],
      database,
    );
    const blast = async (...more: readonly string[]) => {
      const url = `postgres://${user}@${host}:${port}/${database}`;
      const argv = [CLI, 'blast-radius', '--database', url, '--delete', 'products', ...more, '--json'];
      const env = { ...process.env, PGPASSFILE: passwordFile };
      const { stdout } = await promisify(execFile)(process.execPath, argv, { env }).catch(
        (error: { stdout: string }) => error,
      );
      return JSON.parse(stdout.trim()) as { exitCode: number; tables: { table: string; rows: string }[] };
    };
    const unaware = await blast('--protect', 'order_items');
    assert.deepEqual([unaware.exitCode, unaware.tables], [0, []]);
    const declared = await blast(
      ...['--protect', 'order_items'],
      ...['--also', 'order_items.product_id=products.id'],
    );
    assert.equal(declared.exitCode, 3);
    assert.deepEqual(
      declared.tables.map(({ table, rows }) => [table, rows]),
      [['public.order_items', '2']],
    );
  });

  it('names a table that is not there and a condition that is wrong', async () => {
    const { host, port, user, database, passwordFile } = await cluster.createDatabase();
    await cluster.query('CREATE TABLE products (id int PRIMARY KEY)', [], database);
    const refused = async (...what: readonly string[]) => {
      const argv = [CLI, 'blast-radius', '--database', `postgres://${user}@${host}:${port}/${database}`];
      const env = { ...process.env, PGPASSFILE: passwordFile };
      const { code, stderr } = (await promisify(execFile)(process.execPath, [...argv, ...what], {
        env,
      }).catch((error: { code: number; stderr: string }) => error)) as { code: number; stderr: string };
      assert.equal(code, 3, stderr);
      return stderr;
    };
    assert.match(
      await refused('--delete', 'nosuch'),
      /delete-unreadable\)\n.*relation "public\.nosuch" does not exist/,
    );
    assert.match(await refused('--delete', 'products', '--where', "id = 'a'"), /delete-unreadable/);
  });
});
