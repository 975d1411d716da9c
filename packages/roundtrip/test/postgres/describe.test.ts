import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { createCluster, type PrivateCluster } from 'pg-cluster';
import { withClient } from '../../src/postgres/connection.ts';
import { compareDescriptions, describeDatabase } from '../../src/postgres/describe.ts';
import { dumpDatabase } from '../../src/postgres/dump.ts';
import { verifyBackup } from '../../src/postgres/verify-backup.ts';

/** One object of every kind that a shop may have beside its tables, with everything about it that is not the default. */
const OBJECTS = `
  CREATE SCHEMA shop;
  CREATE TYPE shop.state AS ENUM ('new', 'paid');
  CREATE TABLE shop.orders (id bigserial PRIMARY KEY, number varchar(20) NOT NULL, status varchar(10), state shop.state, total numeric(10,2), at timestamptz);
  CREATE TABLE shop.lines (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, order_id bigint REFERENCES shop.orders DEFERRABLE INITIALLY DEFERRED);
  CREATE TABLE shop."Order.Log" (at date NOT NULL, text text) PARTITION BY RANGE (at);
  CREATE TABLE shop.log_2026 PARTITION OF shop."Order.Log" FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
  CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN NEW.at := now(); RETURN NEW; END $f$;
  CREATE PUBLICATION news FOR TABLE shop.orders WHERE (id > 10);
  CREATE POLICY mine ON shop.lines AS RESTRICTIVE FOR UPDATE TO reader, "Clerk's" USING (order_id > 0) WITH CHECK (order_id < 1000000);
  CREATE AGGREGATE shop.total (bigint) (sfunc = int8pl, stype = bigint, initcond = '0', combinefunc = int8pl, parallel = safe);
  CREATE AGGREGATE shop.quantile (float8 ORDER BY float8) (sfunc = ordered_set_transition, stype = internal, finalfunc = percentile_cont_float8_final);
  CREATE RULE keep AS ON DELETE TO shop."Order.Log" WHERE old.text IN ('a', 'b') DO INSTEAD NOTHING;
  CREATE TYPE shop.size AS (width int, unit varchar(5)); CREATE TYPE shop.span AS RANGE (subtype = float8, subtype_diff = float8mi);
  CREATE STATISTICS shop.both ON number, status FROM shop.orders; CREATE STATISTICS shop.lowered ON lower(number) FROM shop.orders; ALTER STATISTICS shop.both SET STATISTICS 50;
  CREATE SEQUENCE shop.evens AS int INCREMENT 2 MINVALUE 2 MAXVALUE 1000 START 4 CACHE 7 CYCLE OWNED BY shop.lines.id;
  CREATE COLLATION shop.posix FROM "C"; CREATE COLLATION shop.numeric (provider = icu, locale = 'en-u-kn-true', deterministic = false);
  ALTER TABLE shop.orders ADD code text COLLATE shop.posix, ADD name varchar(20) COLLATE shop.numeric DEFAULT 'x'; ALTER TABLE shop.orders ALTER code SET STORAGE EXTERNAL, ALTER code SET STATISTICS 7;
  CREATE DOMAIN shop.label AS varchar(20) COLLATE "C" DEFAULT 'none' NOT NULL CHECK (VALUE IN ('none', 'some'));
  CREATE TABLE shop.named (code varchar(3) COLLATE shop.posix) PARTITION BY LIST (code); CREATE TABLE shop.named_a PARTITION OF shop.named FOR VALUES IN ('a', 'b');
  CREATE UNIQUE INDEX by_number ON shop.orders (number, id); ALTER TABLE shop.orders REPLICA IDENTITY USING INDEX by_number; ALTER TABLE shop.lines FORCE ROW LEVEL SECURITY;
  CREATE OPERATOR shop.=== (leftarg = int, rightarg = int, function = int4eq);
  COMMENT ON TABLE shop.orders IS 'what was ordered'; COMMENT ON COLUMN shop.orders.total IS 'in roubles'; COMMENT ON FUNCTION shop.touch() IS 'it''s called by a trigger';
  COMMENT ON SCHEMA public IS 'nothing in here'; COMMENT ON CONSTRAINT lines_order_id_fkey ON shop.lines IS 'checked late'; COMMENT ON TYPE shop.state IS 'states';
  INSERT INTO shop.orders (number, status, state) SELECT 'n' || n, 'a', 'paid' FROM generate_series(1, 30) n`;

/** What is changed, and how the difference is named. */
const CHANGES: readonly [string, RegExp][] = [
  ['ALTER POLICY mine ON shop.lines WITH CHECK (order_id < 1000001)', /policy shop\.lines .*1000001/],
  ['ALTER POLICY mine ON shop.lines TO reader', /policy shop\.lines .* to reader using/],
  [
    'DROP POLICY mine ON shop.lines; CREATE POLICY mine ON shop.lines FOR UPDATE TO reader, "Clerk\'s" USING (order_id > 0) WITH CHECK (order_id < 1000000)',
    /policy shop\.lines mine permissive/,
  ],
  ['ALTER TABLE shop.lines NO FORCE ROW LEVEL SECURITY', /relation r shop\.lines .*forced false/],
  ['DROP AGGREGATE shop.total (bigint)', /missing: aggregate shop\.total/],
  [
    `CREATE OR REPLACE AGGREGATE shop.total (bigint) (sfunc = int8pl, stype = bigint, initcond = '1', combinefunc = int8pl, parallel = safe)`,
    /additional: aggregate shop\.total.* from '1'/,
  ],
  ['DROP RULE keep ON shop."Order.Log"', /missing: rule shop\."Order\.Log" keep/],
  ['ALTER TABLE shop."Order.Log" DISABLE RULE keep', /rule .*enabled D/],
  ['ALTER TYPE shop.size ALTER ATTRIBUTE width TYPE bigint', /column shop\.size\.width bigint/],
  ['DROP TYPE shop.span', /type shop\.span r .*range of double precision/],
  [
    `ALTER TYPE shop.state RENAME TO old; CREATE TYPE shop.state AS ENUM ('paid', 'new'); ALTER TABLE shop.orders ALTER state TYPE shop.state USING state::text::shop.state; DROP TYPE shop.old`,
    /additional: type shop\.state .*labels paid,new/,
  ],
  ['DROP STATISTICS shop.both', /missing: statistics .*"both"/],
  ['ALTER STATISTICS shop.both SET STATISTICS 60', /statistics .*target 60/],
  ['ALTER SEQUENCE shop.evens CACHE 8', /sequence shop\.evens .*cache 8/],
  ['ALTER SEQUENCE shop.evens OWNED BY NONE', /sequence shop\.evens/],
  [
    'ALTER TABLE shop.orders ALTER code TYPE text COLLATE "C"',
    /column shop\.orders\.code text .*collate "C"/,
  ],
  [
    `CREATE COLLATION shop.other (provider = icu, locale = 'de'); DROP COLLATION shop.numeric CASCADE`,
    /additional: collation shop\.other/,
  ],
  [`COMMENT ON TABLE shop.orders IS 'what is ordered'`, /comment table shop\.orders/],
  ['COMMENT ON COLUMN shop.orders.total IS NULL', /missing: comment table column shop\.orders\.total/],
  ['COMMENT ON SCHEMA public IS NULL', /missing: comment schema public/],
  ['ALTER DOMAIN shop.label DROP NOT NULL', /domain shop\.label/],
  ['ALTER TABLE shop.named DETACH PARTITION shop.named_a', /partition shop\.named_a/],
  ['ALTER TABLE shop.orders REPLICA IDENTITY DEFAULT', /index .*by_number.* replica identity/],
  ['DROP OPERATOR shop.=== (int, int)', /missing: object operator shop\.===/],
  ['ALTER PUBLICATION news SET TABLE shop.orders (id) WHERE (id > 10)', /publication news .* id where/],
  ['ALTER INDEX shop.by_number RENAME TO other', /index CREATE UNIQUE INDEX other/],
];

let cluster: PrivateCluster;
const folder = mkdtempSync(path.join(tmpdir(), 'describe-'));
before(async () => {
  cluster = await createCluster({ name: 'describe' });
  await cluster.query(`CREATE ROLE reader`);
  await cluster.query(`CREATE ROLE "Clerk's"`);
  await cluster.query('CREATE DATABASE shop');
  await cluster.query(OBJECTS, [], 'shop');
});
after(async () => {
  await cluster.stop();
  rmSync(folder, { recursive: true, force: true });
});

const describe = (database: string) =>
  withClient(cluster.address(database), { applicationName: 't' }, describeDatabase);

test('a dump brings along everything that is described: a restore does not differ', async () => {
  await dumpDatabase(cluster.address('shop'), {
    directory: path.join(folder, 'shop'),
    jobs: 1,
    compressLevel: 1,
    timeoutMs: 60_000,
  });
  const verified = await verifyBackup({
    directory: path.join(folder, 'shop'),
    admin: cluster.address(),
    scratchDatabase: 'restored',
    jobs: 1,
    timeoutMs: 60_000,
  });
  assert.equal(verified.trust, 'T3');
  assert.deepEqual(compareDescriptions(await describe('shop'), await describe('restored')), []);
});

test('a change of any of it is named', async () => {
  const original = await describe('shop');
  for (const [change, expected] of CHANGES) {
    await cluster.query('CREATE DATABASE changed TEMPLATE shop');
    await cluster.query(change, [], 'changed');
    assert.match(compareDescriptions(original, await describe('changed')).join('\n'), expected, change);
    await cluster.query('DROP DATABASE changed WITH (FORCE)');
  }
});
