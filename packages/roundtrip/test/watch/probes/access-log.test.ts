import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { accessLog } from '../../../src/watch/probes/access-log.ts';

const signal = new AbortController().signal;
const line = (status: number, agent = 'Mozilla/5.0') =>
  `10.0.0.7 - - [30/Nov/2025:02:59:01 +0300] "GET / HTTP/1.1" ${status} 812 "-" "${agent}" 0.600\n`;

async function startedLog(context: TestContext) {
  const folder = mkdtempSync(path.join(tmpdir(), 'access-'));
  const file = path.join(folder, 'access.log');
  writeFileSync(file, line(500));
  const reader = accessLog({ kind: 'access-log', name: 'log', file, format: 'nginx' }, { limitsMs: [500] });
  context.after(async () => {
    await reader.close?.();
    rmSync(folder, { recursive: true });
  });
  await reader.read({ signal, probes: 0 });
  return { file, read: () => reader.read({ signal, probes: 0 }) };
}

test('counts customers, not our probes, and only what the shop failed at', async (context) => {
  const { file, read } = await startedLog(context);
  appendFileSync(
    file,
    line(200) + line(404) + line(503) + line(200, 'roundtrip-probe') + line(500, 'roundtrip-probe'),
  );
  assert.deepEqual(await read(), {
    source: 'log',
    requests: 3,
    errors: 1,
    probes: 2,
    latency: [[558.34, 608.87, 3]],
  });
});

test('a log in another format is missing data', async (context) => {
  const { file, read } = await startedLog(context);
  appendFileSync(file, '{"status":200}\n{"status":200}\n');
  assert.deepEqual(await read(), {
    source: 'log',
    missing: '2 of 2 lines are not in the format that was named',
  });
});

test('a stray line does not spoil the log', async (context) => {
  const { file, read } = await startedLog(context);
  appendFileSync(file, `${line(200)}${line(200)}garbage\n`);
  const reading = await read();
  assert.equal('missing' in reading ? undefined : reading.requests, 2);
});
