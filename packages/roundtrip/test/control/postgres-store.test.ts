import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type TestCluster, testCluster } from 'pg-cluster/testing';
import type { HeldStore } from '../../src/control/control-store.ts';
import { viewRun } from '../../src/engine/run-view.ts';
import { runFilesFolder, runPaths } from '../../src/journal/run-directory.ts';
import { type PostgresPlace, postgresPlace, removeMachines } from './postgres-place.ts';
import {
  anna,
  beginRun,
  boris,
  holding,
  INTENT,
  intent,
  PLAN,
  RUN,
  STARTED,
  storeContract,
} from './store-contract.ts';

let cluster: TestCluster;
before(async () => {
  cluster = await testCluster();
});
after(async () => {
  removeMachines();
  await cluster.release();
});

async function place(): Promise<PostgresPlace> {
  return postgresPlace(await cluster.createDatabase({ prefix: 'control' }));
}

storeContract('PostgreSQL', place);

const LOCK_SESSION =
  "SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE locktype = 'advisory' AND datname = current_database()";

describe('a control store in PostgreSQL', () => {
  it('is made by whoever comes first, also where two come at once', async () => {
    const { machine } = await place();
    const stores = await Promise.all([machine(), machine(), machine()]);
    await beginRun(stores[0] ?? assert.fail());
    await stores[2]?.refresh();
  });

  for (const table of ['runs', 'records'])
    for (const change of [`UPDATE %s SET run = run`, 'DELETE FROM %s', 'TRUNCATE %s CASCADE'])
      it(`is append-only: ${change.replace('%s', table)} is refused`, async () => {
        const { address, machine } = await place();
        await beginRun(await machine());
        await assert.rejects(
          cluster.query(change.replace('%s', `roundtrip_control.${table}`), [], address.database),
          /is append-only: (UPDATE|DELETE|TRUNCATE) refused/,
        );
      });

  it('commits to disk whatever the role is set to', async () => {
    const { address, machine } = await place();
    await cluster.query(`ALTER DATABASE ${address.database} SET synchronous_commit = off`);
    await holding(await machine(), anna, async (held) => {
      const journal = await held.begin(RUN, PLAN);
      await cluster.query(
        `CREATE TABLE seen (setting text);
         CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.seen VALUES (current_setting('synchronous_commit')); RETURN NEW; END $$;
         CREATE TRIGGER see BEFORE INSERT ON roundtrip_control.records FOR EACH ROW EXECUTE FUNCTION see()`,
        [],
        address.database,
      );
      await journal.append(STARTED);
    });
    const { rows } = await cluster.query('SELECT setting FROM seen', [], address.database);
    assert.deepEqual(rows, [{ setting: 'on' }]);
  });

  it('refuses a record whose number somebody else has written, and every record after it', async () => {
    const { machine, sql } = await place();
    const store = await machine();
    await holding(store, anna, async (held) => {
      const journal = await held.begin(RUN, PLAN);
      await journal.append(STARTED);
      await sql(`INSERT INTO roundtrip_control.records VALUES ('${RUN}', 2, 'theirs', '{}')`);
      const contended = { code: 'journal-contended', message: /record 2 of run .*anna@ops-1/ };
      await assert.rejects(async () => journal.append(INTENT), contended);
      await sql('DELETE FROM roundtrip_control.records WHERE n = 2');
      await assert.rejects(async () => journal.append(INTENT), contended);
      assert.equal(journal.records.length, 1);
    });
  });

  it('keeps the lock over a session that breaks, and appends nothing twice', async () => {
    const { machine, sql } = await place();
    const store = await machine();
    const said: string[] = [];
    const held = await store.hold({ ...anna, say: (line) => said.push(line) });
    const journal = await held.begin(RUN, PLAN);
    await journal.append(STARTED);
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      await sql(LOCK_SESSION);
      await journal.append(intent(attempt));
    }
    assert.equal(held.lost.aborted, false);
    assert.match(said.join('\n'), /is lost: asking for 60 s[\s\S]*the lock is still ours/);
    await held.release();
    await store.refresh();
    assert.deepEqual(
      viewRun(store.state, RUN).records.map(({ n }) => n),
      [1, 2, 3, 4],
    );
  });

  it('loses the lock with its session where another operator took it meanwhile, and is told who', async () => {
    const { machine, sql } = await place();
    const held = await (await machine()).hold(anna);
    const journal = await held.begin(RUN, PLAN);
    await journal.append(STARTED);
    const lost = new Promise((resolve) => held.lost.addEventListener('abort', resolve));
    // A human on another machine breaks it, which is the one way to get it while this process lives.
    const other = await machine();
    await other.breakLock();
    await holding(other, boris, async (theirs) => {
      await lost;
      assert.equal((held.lost.reason as { code: string }).code, 'lock-lost');
      await assert.rejects(async () => journal.append(INTENT), { code: 'lock-lost' });
      await (await theirs.open(RUN)).append(INTENT);
    });
    await held.release();
    assert.equal(await sql('SELECT FROM roundtrip_control.records').then((rows) => rows.length), 2);
  });

  it('tells a machine whose copy has a record that the store has lost', async () => {
    const { machine, sql } = await place();
    const store = await machine();
    await beginRun(store);
    await sql('DELETE FROM roundtrip_control.records WHERE n = 2');
    const diverged = { code: 'journal-diverged', fields: { line: 2, stored: 1 } };
    await assert.rejects(store.refresh(), diverged);
    await assert.rejects(store.hold(boris), diverged);
    assert.equal(await store.holder(), undefined);
    // A machine that has not seen it cannot know.
    await (await machine()).refresh();
  });

  it('mends a copy that was cut off or lags, and refuses one that was edited', async () => {
    const { machine } = await place();
    const store = await machine();
    await beginRun(store);
    const { journal } = runPaths(store.state, RUN);
    const whole = readFileSync(journal, 'utf8');
    for (const length of [0, 10, whole.indexOf('\n') + 1, whole.length - 1]) {
      writeFileSync(journal, whole.slice(0, length));
      await store.refresh();
      assert.equal(readFileSync(journal, 'utf8'), whole);
    }
    writeFileSync(journal, whole.replace('"attempt":1', '"attempt":2'));
    await assert.rejects(store.refresh(), { code: 'journal-diverged' });
  });

  it('remembers in the folder of state which store it is a copy of', async () => {
    const [one, other] = [await place(), await place()];
    const store = await one.machine();
    await assert.rejects(other.machine({ folder: store.state.root }), {
      code: 'control-store-differs',
      message: /belongs to another control store/,
    });
    await one.machine({ folder: store.state.root });
  });

  it('writes nothing into a database that is something else’s', async () => {
    const address = await cluster.createDatabase({ prefix: 'shop' });
    await cluster.query('CREATE TABLE orders (id bigint)', [], address.database);
    await assert.rejects(postgresPlace(address).machine(), {
      code: 'control-store-not-empty',
      message: /such as orders/,
    });
    const { rows } = await cluster.query(
      "SELECT to_regnamespace('roundtrip_control') AS made",
      [],
      address.database,
    );
    assert.deepEqual(rows, [{ made: null }]);
  });

  it('says which right a role lacks', async () => {
    const { address } = await place();
    const role = `reader_${address.database}`;
    await cluster.query(`CREATE ROLE ${role} LOGIN PASSWORD 'only for this test'`);
    const folder = mkdtempSync(path.join(tmpdir(), 'reader-'));
    const passwordFile = path.join(folder, 'pgpass');
    writeFileSync(passwordFile, `*:*:*:${role}:only for this test\n`, { mode: 0o600 });
    try {
      await assert.rejects(postgresPlace({ ...address, user: role, passwordFile }).machine(), {
        code: 'control-store-privileges',
        message: /permission denied for database/,
      });
    } finally {
      rmSync(folder, { recursive: true });
      await cluster.query(`DROP ROLE ${role}`);
    }
  });

  it('finds the files of a run on a shared file system, and else names the machine that has them', async () => {
    const { machine } = await place();
    const [first, second] = [await machine(), await machine()];
    const filesOf = async (held: HeldStore) => {
      await held.open(RUN);
      return held.files(RUN);
    };
    await beginRun(first);
    const own = runPaths(first.state, RUN).folder;
    assert.deepEqual(await holding(first, anna, filesOf), { folder: own, elsewhere: [] });
    assert.deepEqual(await holding(second, boris, filesOf), { folder: own, elsewhere: [] });
    assert.equal(runFilesFolder(second.state, RUN), own);
    // Another machine may have a folder of the same name, with a copy of the run, and none of its files.
    rmSync(path.join(own, 'place'));
    const { folder, elsewhere } = await holding(second, boris, filesOf);
    assert.equal(folder, runPaths(second.state, RUN).folder);
    assert.equal(runFilesFolder(second.state, RUN), folder);
    assert.deepEqual(
      elsewhere.map((where) => where.folder),
      [own],
    );
  });
});
