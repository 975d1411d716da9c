import assert from 'node:assert/strict';
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { createCluster, type PrivateCluster } from 'pg-cluster';
import { Failed, Refused } from '../../src/errors.ts';
import { withClient } from '../../src/postgres/connection.ts';
import { compareDescriptions, describeDatabase } from '../../src/postgres/describe.ts';
import { dumpDatabase } from '../../src/postgres/dump.ts';
import { compareFingerprints, fingerprintTables } from '../../src/postgres/fingerprint.ts';
import { archiveFolder, listArchive, readManifest, verifyManifest } from '../../src/postgres/manifest.ts';
import { restoreDump } from '../../src/postgres/restore.ts';
import { databaseOid } from '../../src/postgres/switch.ts';
import { verifyBackup } from '../../src/postgres/verify-backup.ts';

const SHOP = `
  CREATE ROLE owner_of_shop; CREATE ROLE "Clerk's"; CREATE ROLE reader LOGIN;
  CREATE TABLESPACE fast LOCATION '';
  CREATE DATABASE shop OWNER owner_of_shop TABLESPACE fast CONNECTION LIMIT 70;
  COMMENT ON DATABASE shop IS 'it''s ours';
  ALTER DATABASE shop SET search_path = shop, public;
  ALTER DATABASE shop SET "TimeZone" = 'Europe/Moscow';
  ALTER ROLE reader IN DATABASE shop SET statement_timeout = '5s';
  REVOKE CONNECT ON DATABASE shop FROM PUBLIC;
  GRANT CONNECT ON DATABASE shop TO reader WITH GRANT OPTION;
  GRANT CREATE ON DATABASE shop TO "Clerk's"`;

const OBJECTS = `
  CREATE EXTENSION pg_trgm; CREATE SCHEMA shop AUTHORIZATION owner_of_shop;
  CREATE TYPE shop.state AS ENUM ('new', 'paid'); CREATE DOMAIN shop.price AS numeric(10,2) CHECK (VALUE >= 0);
  CREATE TABLE shop.orders (id bigserial PRIMARY KEY, number varchar(20) NOT NULL, status varchar(10) CHECK (status IN ('a', 'b')),
    state shop.state, total shop.price, body jsonb, at timestamptz DEFAULT now(), cents bigint GENERATED ALWAYS AS ((total * 100)::bigint) STORED);
  ALTER TABLE shop.orders OWNER TO owner_of_shop;
  GRANT SELECT (id, number), UPDATE (status) ON shop.orders TO reader; GRANT SELECT, INSERT ON shop.orders TO "Clerk's";
  CREATE INDEX ON shop.orders USING gin (number gin_trgm_ops);
  CREATE INDEX ON shop.orders (id) WHERE status IN ('a', 'b') AND status <> 'c';
  CREATE TABLE shop.lines (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, order_id bigint REFERENCES shop.orders DEFERRABLE INITIALLY DEFERRED);
  CREATE TABLE shop."Order.Log" (at date NOT NULL, text text) PARTITION BY RANGE (at);
  CREATE TABLE shop.log_2026 PARTITION OF shop."Order.Log" FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
  CREATE VIEW shop.paid AS SELECT id, number FROM shop.orders WHERE status IN ('a', 'b');
  CREATE MATERIALIZED VIEW shop.sums AS SELECT sum(total) FROM shop.orders;
  CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN NEW.at := now(); RETURN NEW; END $f$;
  CREATE TRIGGER touch BEFORE UPDATE ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.touch();
  ALTER TABLE shop.orders DISABLE TRIGGER touch;
  CREATE POLICY mine ON shop.lines USING (order_id > 0);
  CREATE SEQUENCE shop.numbers START 5; SELECT nextval('shop.numbers'); CREATE SEQUENCE shop.unused;
  ALTER DEFAULT PRIVILEGES FOR ROLE owner_of_shop IN SCHEMA shop GRANT SELECT ON TABLES TO reader, "Clerk's";
  CREATE PUBLICATION news FOR TABLE shop.orders WHERE (id > 10);
  INSERT INTO shop.orders (number, status, state, total, body) SELECT 'n' || n, 'a', 'paid', n, jsonb_build_object('n', n) FROM generate_series(1, 3000) n;
  INSERT INTO shop.lines (order_id) SELECT id FROM shop.orders;
  INSERT INTO shop."Order.Log" SELECT date '2026-01-01' + n, n::text FROM generate_series(0, 99) n`;

let cluster: PrivateCluster;
const folder = mkdtempSync(path.join(tmpdir(), 'backup-'));
const settings = { jobs: 2, compressLevel: 1, timeoutMs: 60_000 };
const intact = path.join(folder, 'intact');

before(async () => {
  cluster = await createCluster({ name: 'backup', settings: { allow_in_place_tablespaces: 'on' } });
  for (const statement of SHOP.split(';')) await cluster.query(statement);
  await cluster.query(OBJECTS, [], 'shop');
  await dumpDatabase(cluster.address('shop'), { directory: intact, ...settings });
});
after(async () => {
  await cluster.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A manifest that a test may write to. */
interface EditedManifest {
  fingerprints: Record<string, { digest: string }>;
  description: { facts: string[] };
  sequences: Record<string, string>;
}

function copyOf(name: string): string {
  const directory = path.join(folder, name);
  cpSync(intact, directory, { recursive: true });
  return directory;
}

function verify(directory: string, scratchDatabase: string): ReturnType<typeof verifyBackup> {
  return verifyBackup({ directory, admin: cluster.address(), scratchDatabase, jobs: 2, timeoutMs: 60_000 });
}

test('a backup restores with its rows, owners, rights, settings, extensions and sequences', async () => {
  const verified = await verify(intact, 'scratch_good');
  assert.equal(verified.trust, 'T3');
  const oid = await withClient(cluster.address(), { applicationName: 't' }, (client) =>
    databaseOid(client, 'scratch_good'),
  );
  assert.equal(verified.restoredOid, oid);
  // What the verification itself claims to compare, looked at by other means.
  const facts = async (database: string): Promise<unknown> =>
    (
      await cluster.query(
        `SELECT (SELECT count(*)::int FROM shop.orders) AS orders, has_column_privilege('reader', 'shop.orders', 'number', 'SELECT') AS reads,
                has_table_privilege('reader', 'shop.orders', 'DELETE') AS deletes, has_database_privilege('Clerk''s', current_database(), 'CREATE') AS creates,
                (SELECT last_value::int FROM shop.numbers) AS number, current_setting('TimeZone') AS zone,
                (SELECT r.rolname FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE datname = current_database()) AS owner`,
        [],
        database,
      )
    ).rows[0];
  const expected = {
    orders: 3000,
    reads: true,
    deletes: false,
    creates: true,
    number: 5,
    zone: 'Europe/Moscow',
    owner: 'owner_of_shop',
  };
  assert.deepEqual(await facts('shop'), expected);
  assert.deepEqual(await facts('scratch_good'), expected);
  assert.deepEqual(
    compareFingerprints(
      await fingerprintTables(cluster.address('shop')),
      await fingerprintTables(cluster.address('scratch_good')),
    ),
    [],
  );
  // Every table is analysed, a partitioned one with its leaves: -1 stands for one that never was.
  const { rows: unknown } = await cluster.query(
    `SELECT relname FROM pg_class WHERE relkind IN ('r', 'p', 'm') AND relnamespace = 'shop'::regnamespace AND reltuples < 0`,
    [],
    'scratch_good',
  );
  assert.deepEqual(unknown, []);
  // The restored one can be dumped and restored in its turn.
  const second = path.join(folder, 'second');
  await dumpDatabase(cluster.address('scratch_good'), { directory: second, ...settings });
  assert.equal((await verify(second, 'scratch_second')).trust, 'T3');
});

test('every kind of difference between two databases is named', async () => {
  const describe = (database: string) =>
    withClient(cluster.address(database), { applicationName: 't' }, describeDatabase);
  const original = await describe('shop');
  const changes: readonly [string, RegExp][] = [
    ['GRANT SELECT ON shop.lines TO reader', /relation r shop\.lines/],
    ['ALTER TABLE shop.orders OWNER TO postgres', /relation r shop\.orders owner/],
    ['ALTER TABLE shop.orders ENABLE TRIGGER touch', /trigger .*enabled O/],
    ['DROP EXTENSION pg_trgm CASCADE', /extension pg_trgm/],
    ["ALTER TYPE shop.state ADD VALUE 'void'", /type shop\.state/],
    ['ALTER TABLE shop.lines DROP CONSTRAINT lines_order_id_fkey', /constraint shop\.lines/],
    ['ALTER DATABASE copy SET work_mem = 999', /setting all roles work_mem/],
    ['REVOKE CONNECT ON DATABASE copy FROM reader', /database grant reader CONNECT/],
    ['ALTER DATABASE copy CONNECTION LIMIT 71', /additional: database .* 71 /],
    ["COMMENT ON DATABASE copy IS 'theirs'", /missing: database .* it's ours/],
    [
      "CREATE OR REPLACE VIEW shop.paid AS SELECT id, number FROM shop.orders WHERE status IN ('a', 'c')",
      /view shop\.paid/,
    ],
    ['DROP PUBLICATION news', /publication news/],
    ['ALTER TABLE shop.orders ALTER at DROP DEFAULT', /column shop\.orders\.at/],
    ['DROP POLICY mine ON shop.lines', /policy shop\.lines/],
  ];
  for (const [change, expected] of changes) {
    await restoreDump({
      directory: intact,
      admin: cluster.address(),
      database: 'copy',
      jobs: 2,
      timeoutMs: 60_000,
    });
    const copy = await describe('copy');
    assert.deepEqual(compareDescriptions(original, copy), []);
    assert.equal(copy.creation.tablespace, 'fast');
    await cluster.query(change, [], 'copy');
    assert.match(compareDescriptions(original, await describe('copy')).join('\n'), expected, change);
    await cluster.query('DROP DATABASE copy WITH (FORCE)');
  }
});

test('a data file cut in half is found before anything is restored, though its listing passes', async () => {
  const directory = copyOf('cut');
  const files = readdirSync(archiveFolder(directory)).filter((name) => name.endsWith('.gz'));
  const largest = files
    .map((name) => path.join(archiveFolder(directory), name))
    .sort((a, b) => statSync(b).size - statSync(a).size)[0];
  assert.ok(largest);
  truncateSync(largest, Math.floor(statSync(largest).size / 2));
  assert.ok((await listArchive(directory, readManifest(directory))) > 0);
  await assert.rejects(verify(directory, 'scratch_cut'), { code: 'backup-corrupt' });
});

test('an edited, a missing and an additional file are named; a backup without manifest is none', async () => {
  const directory = copyOf('edited');
  const globals = path.join(directory, 'globals.sql');
  const text = readFileSync(globals, 'utf8');
  writeFileSync(globals, text.replace('owner_of_shop', 'owner_of_shoq'));
  await assert.rejects(verifyManifest(directory), /globals\.sql has other content/);
  rmSync(globals);
  await assert.rejects(verifyManifest(directory), /globals\.sql is missing/);
  writeFileSync(globals, text);
  await verifyManifest(directory);
  writeFileSync(path.join(directory, 'extra'), '');
  await assert.rejects(verifyManifest(directory), /extra is not of this backup/);
  rmSync(path.join(directory, 'manifest.json'));
  await assert.rejects(verifyManifest(directory), { code: 'backup-incomplete' });
  const cut = copyOf('cut-manifest');
  truncateSync(path.join(cut, 'manifest.json'), 100);
  await assert.rejects(verifyManifest(cut), { code: 'manifest-unreadable' });
});

test('a manifest that claims other rows, schema or sequences than were dumped does not verify', async () => {
  const edits: readonly [string, RegExp, (manifest: EditedManifest) => void][] = [
    [
      'rows',
      /rows of shop\.orders/,
      (manifest) => {
        manifest.fingerprints['shop.orders'] = {
          ...manifest.fingerprints['shop.orders'],
          digest: 'f'.repeat(32),
        };
      },
    ],
    [
      'schema',
      /missing: schema ghost/,
      (manifest) => {
        manifest.description.facts.push('schema ghost owner nobody acl ');
      },
    ],
    [
      'sequence',
      /sequence shop\.numbers/,
      (manifest) => {
        manifest.sequences['shop.numbers'] = '99';
      },
    ],
  ];
  for (const [name, expected, edit] of edits) {
    const directory = copyOf(`claims-${name}`);
    const file = path.join(directory, 'manifest.json');
    const manifest = JSON.parse(readFileSync(file, 'utf8'));
    edit(manifest);
    writeFileSync(file, JSON.stringify(manifest));
    await assert.rejects(verify(directory, `scratch_${name}`), (error) => {
      assert.ok(error instanceof Failed && error.code === 'backup-differs');
      assert.match(JSON.stringify(error.fields), expected);
      return true;
    });
  }
});

test('a CHECK function with an unqualified name does not pass unnoticed', async () => {
  await cluster.query('CREATE DATABASE trap');
  await cluster.query(
    `CREATE TABLE limits (n int); INSERT INTO limits VALUES (10);
     CREATE FUNCTION allowed(n int) RETURNS boolean LANGUAGE sql AS 'SELECT n <= (SELECT max(l.n) FROM limits l)';
     CREATE TABLE goods (n int CHECK (allowed(n))); INSERT INTO goods VALUES (1), (2)`,
    [],
    'trap',
  );
  const directory = path.join(folder, 'trap');
  await dumpDatabase(cluster.address('trap'), { directory, ...settings });
  assert.equal(await listArchive(directory, readManifest(directory)), 2);
  await assert.rejects(verify(directory, 'scratch_trap'), (error) => {
    assert.ok(error instanceof Failed);
    assert.match(error.message, /limits|allowed|goods/);
    return true;
  });
});

test('a restore never overwrites', async () => {
  await cluster.query('CREATE DATABASE precious');
  await cluster.query('CREATE TABLE jewel (id int)', [], 'precious');
  await assert.rejects(
    restoreDump({
      directory: intact,
      admin: cluster.address(),
      database: 'precious',
      jobs: 1,
      timeoutMs: 60_000,
    }),
    (error) => error instanceof Refused && error.code === 'database-exists',
  );
  assert.equal((await cluster.query('SELECT count(*)::int AS n FROM jewel', [], 'precious')).rows[0].n, 0);
  await assert.rejects(
    verifyBackup({
      directory: intact,
      admin: cluster.address(),
      scratchDatabase: 'shop',
      replaceScratch: true,
      jobs: 1,
      timeoutMs: 60_000,
    }),
    (error) => error instanceof Refused && error.code === 'drop-forbidden',
  );
});

test('what is fingerprinted is what was dumped, though customers go on writing', async () => {
  const stop = new AbortController();
  const writing = (async () => {
    while (!stop.signal.aborted)
      await cluster.query(`INSERT INTO shop.orders (number) VALUES ('late')`, [], 'shop');
  })();
  const directory = path.join(folder, 'busy');
  try {
    await dumpDatabase(cluster.address('shop'), { directory, ...settings });
  } finally {
    stop.abort();
    await writing;
  }
  assert.equal((await verify(directory, 'scratch_busy')).trust, 'T3');
});

test('the files of a backup are for their owner only', () => {
  assert.equal(statSync(intact).mode & 0o777, 0o700);
  assert.equal(statSync(path.join(intact, 'manifest.json')).mode & 0o777, 0o600);
});
