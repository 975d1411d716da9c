import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { hostProbe } from '../../../src/watch/probes/host-probe.ts';
import { soundReading } from '../../../src/watch/watch-sample.ts';

const ask = { signal: new AbortController().signal, probes: 0 };

function procOf(context: TestContext) {
  const folder = mkdtempSync(path.join(tmpdir(), 'proc-'));
  context.after(() => rmSync(folder, { recursive: true }));
  return {
    folder,
    write(stat: string, meminfo: string) {
      writeFileSync(path.join(folder, 'stat'), stat);
      writeFileSync(path.join(folder, 'meminfo'), meminfo);
    },
  };
}

const MEMORY = 'MemTotal:       8000000 kB\nMemFree:         100000 kB\nMemAvailable:   6000000 kB\n';

test('cpu is the busy share between two readings; waiting for a disk is idle, guests count once', async (context) => {
  const proc = procOf(context);
  const reader = hostProbe({ kind: 'host', name: 'host' }, { procFolder: proc.folder });
  proc.write('cpu  100 0 100 700 100 0 0 0 50 0\ncpu0 1 1 1 1\n', MEMORY);
  assert.deepEqual(await reader.read(ask), { source: 'host', values: { memory: 0.25 } });
  proc.write('cpu  150 10 130 750 150 5 5 0 90 0\ncpu0 1 1 1 1\n', MEMORY);
  assert.deepEqual(await reader.read(ask), { source: 'host', values: { memory: 0.25, cpu: 0.5 } });
});

test('a /proc without the figure is missing data', async (context) => {
  const proc = procOf(context);
  proc.write('cpu  1 1 1 1 1 1 1 1\n', 'MemTotal: 8000000 kB\n');
  const reading = await hostProbe({ kind: 'host', name: 'host' }, { procFolder: proc.folder }).read(ask);
  assert.ok('missing' in soundReading(reading));
});

test('this machine has a load between nothing and all', async () => {
  const reader = hostProbe({ kind: 'host', name: 'host' });
  await reader.read(ask);
  const until = performance.now() + 60;
  while (performance.now() < until); // Something to measure: ticks are ten milliseconds long.
  const reading = await reader.read(ask);
  assert.ok(!('missing' in reading));
  const { cpu = -1, memory = -1 } = reading.values ?? {};
  assert.ok(cpu >= 0 && cpu <= 1 && memory > 0 && memory < 1, JSON.stringify(reading.values));
});
