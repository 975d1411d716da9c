import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { testCluster } from 'pg-cluster/testing';
import { sqlProbe } from '../../../src/watch/probes/sql-probe.ts';
import type { SqlSource } from '../../../src/watch/watch-plan.ts';
import { soundReading } from '../../../src/watch/watch-sample.ts';

const cluster = await testCluster();
after(() => cluster.release());
const ask = { signal: new AbortController().signal, probes: 0 };

function read(source: Pick<SqlSource, 'text' | 'reads'>) {
  const query = async (text: string) => (await cluster.query(text)).rows;
  return sqlProbe({ kind: 'sql', name: 'sql', metric: 'metric', ...source }, { query }).read(ask);
}

test('rows are counted and listed', async () => {
  const text = `SELECT name, 1 FROM (VALUES ('фуксия'), ('хаки')) AS unmapped (name) ORDER BY name`;
  assert.deepEqual(await read({ text, reads: 'rows' }), {
    source: 'sql',
    values: { metric: 2 },
    lists: { metric: ['фуксия', 'хаки'] },
  });
});

test('a long list is cut and says so', async () => {
  const reading = await read({ text: 'SELECT generate_series(1, 100)', reads: 'rows' });
  assert.ok(!('missing' in reading));
  assert.equal(reading.values?.metric, 100);
  assert.equal(reading.lists?.metric?.length, 21);
  assert.equal(reading.lists?.metric?.at(-1), 'and 80 more');
});

test('a value may be of any type of number', async () => {
  for (const text of [
    'SELECT 7',
    'SELECT 7::bigint',
    'SELECT 7.0::numeric',
    'SELECT count(*) FROM generate_series(1, 7)',
  ]) {
    assert.deepEqual(await read({ text, reads: 'value' }), { source: 'sql', values: { metric: 7 } }, text);
  }
});

test('NULL, NaN, no row and two columns are missing data, not zero', async () => {
  for (const text of [
    'SELECT NULL',
    `SELECT 'NaN'::numeric`,
    'SELECT 1 WHERE false',
    'SELECT 1 AS a, 2 AS b',
    `SELECT 'x'`,
  ]) {
    assert.ok('missing' in soundReading(await read({ text, reads: 'value' })), text);
  }
});

test('a query that fails is thrown, so that the watch says why', async () => {
  await assert.rejects(read({ text: 'SELECT * FROM nowhere', reads: 'rows' }), /"nowhere" does not exist/);
});
