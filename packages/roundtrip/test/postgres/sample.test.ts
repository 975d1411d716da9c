import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { testCluster } from 'pg-cluster/testing';
import {
  compareFingerprints,
  fingerprintTables,
  SPLIT_PAGES,
  type TableFingerprint,
} from '../../src/postgres/fingerprint.ts';
import { parseShare, sampleInWords } from '../../src/postgres/sample.ts';

const cluster = await testCluster();
after(() => cluster.release());
const address = await cluster.createDatabase();
const other = await cluster.createDatabase();
const ROWS = 20_000;

const sql = (text: string, database = address.database) => cluster.query(text, [], database);

async function sampled(
  where = address,
  options: { readonly share?: number; readonly table?: string; readonly workers?: number } = {},
): Promise<TableFingerprint> {
  const { share = 0.1, table = 'lines', workers = 2 } = options;
  const prints = await fingerprintTables(where, { tables: [table], samples: { [table]: share }, workers });
  const print = Object.values(prints)[0];
  assert.ok(print?.sample);
  return print;
}

const create = `CREATE TABLE lines (id bigint PRIMARY KEY, name text, total numeric(10,2))`;
await sql(`${create}; INSERT INTO lines SELECT n, 'line ' || n, n / 7.0 FROM generate_series(1, ${ROWS}) n`);
// The same rows in another order, with holes between them, on other pages.
await sql(
  `${create}; INSERT INTO lines SELECT n, 'line ' || n, n / 7.0 FROM generate_series(${ROWS}, 1, -1) n;
   INSERT INTO lines SELECT n, 'gone', 0 FROM generate_series(${ROWS + 1}, ${2 * ROWS}) n;
   DELETE FROM lines WHERE id > ${ROWS}; UPDATE lines SET name = name WHERE id % 3 = 0`,
  other.database,
);

/** Keys by whether the sample sees a change of their row: found by changing each of the first hundred. */
let found: { readonly seen: number[]; readonly missed: number[] } | undefined;
async function keysSeen(): Promise<{ readonly seen: number[]; readonly missed: number[] }> {
  if (found !== undefined) return found;
  const before = await sampled();
  const keys = { seen: [] as number[], missed: [] as number[] };
  for (let id = 1; id <= 100; id += 1) {
    await sql(`UPDATE lines SET total = total + 0.01 WHERE id = ${id}`);
    const changed = compareFingerprints({ x: before }, { x: await sampled() }).length > 0;
    keys[changed ? 'seen' : 'missed'].push(id);
    await sql(`UPDATE lines SET total = total - 0.01 WHERE id = ${id}`);
  }
  assert.deepEqual(await sampled(), before);
  found = keys;
  return keys;
}

test('both sides sample the same rows, wherever they lie and however many workers read them', async () => {
  const ours = await sampled();
  assert.deepEqual(await sampled(other), ours);
  assert.deepEqual(await sampled(address, { workers: 1 }), ours);
  assert.equal(ours.rows, String(ROWS));
  assert.deepEqual([ours.sample?.share, ours.sample?.key], [0.1, ['id']]);
  const hashed = Number(ours.sample?.rows);
  assert.ok(hashed > 0.08 * ROWS && hashed < 0.12 * ROWS, `${hashed} of ${ROWS}`);
});

test('a change of a sampled row is seen, of another is not: the sample says so in words', async () => {
  const { seen, missed } = await keysSeen();
  assert.ok(seen.length > 0 && missed.length > seen.length, `${seen.length} seen, ${missed.length} missed`);
  const whole = await fingerprintTables(address, { tables: ['lines'] });
  await sql(`UPDATE lines SET total = total + 0.01 WHERE id = ${missed[0]}`);
  assert.deepEqual(compareFingerprints(whole, await fingerprintTables(address, { tables: ['lines'] })), [
    'public.lines',
  ]);
  await sql(`UPDATE lines SET total = total - 0.01 WHERE id = ${missed[0]}`);
  const words = sampleInWords({ share: 0.01, key: ['id'], rows: '29989' }, '2998991').join('\n');
  assert.match(words, /SAMPLE of 1 %: 29989 of 2998991 rows, chosen by a hash of the key \(id\)/);
  assert.match(words, /missed 99 % of the time/);
  // (1 - 0.01)^459 is 0.00992, and 0.0100 with 458.
  assert.match(words, /459 or more rows/);
});

test('a row more or less is seen whether it would be sampled or not', async () => {
  const before = await sampled();
  const { missed } = await keysSeen();
  await sql(`BEGIN; CREATE TABLE kept AS SELECT * FROM lines WHERE id = ${missed[0]};
             DELETE FROM lines WHERE id = ${missed[0]}; COMMIT`);
  const after = await sampled();
  assert.equal(after.digest, before.digest);
  assert.deepEqual(compareFingerprints({ x: before }, { x: after }), ['x']);
  await sql('INSERT INTO lines SELECT * FROM kept; DROP TABLE kept');
});

test('a sample is never equal to a whole table, nor to another sample', async () => {
  const tenth = await sampled();
  const whole = (await fingerprintTables(address, { tables: ['lines'] }))['public.lines'];
  assert.ok(whole);
  assert.equal(whole.sample, undefined);
  const disguised = { ...tenth, sample: undefined };
  assert.deepEqual(compareFingerprints({ x: tenth }, { x: disguised }), ['x']);
  assert.deepEqual(compareFingerprints({ x: whole }, { x: tenth }), ['x']);
  assert.deepEqual(compareFingerprints({ x: tenth }, { x: await sampled(address, { share: 0.2 }) }), ['x']);
});

test('keys of several columns, of text, with laxer equality and of partitioned tables choose rows too', async () => {
  await sql(`CREATE TABLE pairs (b text, a numeric, v int, PRIMARY KEY (a, b) INCLUDE (v)) PARTITION BY LIST (b);
    CREATE TABLE pairs_x PARTITION OF pairs FOR VALUES IN ('x'); CREATE TABLE pairs_rest PARTITION OF pairs DEFAULT;
    INSERT INTO pairs SELECT CASE n % 2 WHEN 0 THEN 'x' ELSE 'y' || n END, n, n FROM generate_series(1, 2000) n`);
  const pairs = await sampled(address, { table: 'pairs', share: 0.25 });
  assert.deepEqual([pairs.rows, pairs.sample?.key], ['2000', ['a', 'b']]);
  const hashed = Number(pairs.sample?.rows);
  assert.ok(hashed > 350 && hashed < 650, `${hashed} of 2000`);
});

test('pages split among workers give the sample of the whole', async () => {
  await sql(`CREATE UNLOGGED TABLE big (id int PRIMARY KEY, pad text);
    ALTER TABLE big ALTER pad SET STORAGE PLAIN;
    INSERT INTO big SELECT n, repeat('x', 7000) FROM generate_series(1, ${SPLIT_PAGES + 100}) n`);
  const one = await sampled(address, { table: 'big', workers: 1 });
  assert.equal(one.rows, String(SPLIT_PAGES + 100));
  assert.deepEqual(await sampled(address, { table: 'big', workers: 3 }), one);
  await sql('DROP TABLE big');
});

test('only named tables are sampled; one without a key, or none at all, is refused by name', async () => {
  await sql('CREATE TABLE bare (v int); INSERT INTO bare VALUES (1)');
  const prints = await fingerprintTables(address, { tables: ['lines', 'bare'], samples: { lines: 0.1 } });
  assert.ok(prints['public.lines']?.sample);
  assert.equal(prints['public.bare']?.sample, undefined);
  await assert.rejects(fingerprintTables(address, { samples: { bare: 0.1 } }), { code: 'no-primary-key' });
  await assert.rejects(fingerprintTables(address, { samples: { nowhere: 0.1 } }), { code: 'table-missing' });
});

test('a share is a percentage or a fraction, above nothing and below everything', () => {
  assert.deepEqual(['1%', '0.5 %', '0.01', '99.9999%'].map(parseShare), [0.01, 0.005, 0.01, 0.999999]);
  for (const text of ['0', '0%', '100%', '1', '150%', '-1%', 'half', '', '1e-3', '0.00000001'])
    assert.throws(() => parseShare(text), { code: 'usage' }, text);
});
