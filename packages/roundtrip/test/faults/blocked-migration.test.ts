import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import pg from 'pg';
import { ROLLBACK, RUN } from './every-boundary.ts';
import { buildToyStage, type ToyStage } from './toy-stage.ts';

let stage: ToyStage;
before(async () => {
  stage = await buildToyStage();
});
after(() => stage.close());
beforeEach(() => stage.reset());

/** A report that somebody began and left open: it reads, and everybody who wants to alter the table queues behind it. */
async function forgottenReport(): Promise<{ readonly pid: number; readonly end: () => Promise<void> }> {
  const { host, port, user } = stage.cluster.address('toy');
  const client = new pg.Client({
    ...{ host, port, user, database: 'toy', password: stage.cluster.password },
    application_name: 'forgotten-report',
  });
  client.on('error', () => undefined); // The fence of the rollback ends it.
  await client.connect();
  await client.query('BEGIN; LOCK TABLE order_items IN ACCESS SHARE MODE');
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return { pid: Number(rows[0]?.pid), end: () => client.end().catch(() => undefined) };
}

describe('a migration that somebody blocks', () => {
  it('gives up, names who holds the lock, and goes back; once that session is gone the same run goes through', async () => {
    const untouched = await stage.look();
    const report = await forgottenReport();
    const { exitCode, stderr } = await stage.verb(0, ...RUN);
    assert.equal(exitCode, 6, stderr);
    assert.match(stderr, new RegExp(`\\[migrate\\] waits for a lock on order_items.*pid ${report.pid}`));
    assert.match(stderr, /failed: "Run schema migrations" \(blocked-by-lock\)/);
    assert.match(
      stderr,
      new RegExp(`pid ${report.pid} \\(postgres, forgotten-report, idle in transaction since`),
    );
    assert.match(stderr, new RegExp(`pg_terminate_backend\\(${report.pid}\\)`));
    await report.end();
    const { tables, release, running } = await stage.look();
    assert.deepEqual(
      { tables, release, running },
      { tables: untouched.tables, release: untouched.release, running: untouched.running },
    );
    // Nothing of the migration waits on in the server for the lock to become free.
    assert.deepEqual((await stage.cluster.query("SELECT to_regclass('identities') AS t", [], 'toy')).rows, [
      { t: null },
    ]);
    const again = await stage.verb(0, ...RUN);
    assert.equal(again.exitCode, 0, again.stderr);
    assert.equal((await stage.verb(0, ...ROLLBACK)).exitCode, 0);
  });
});
