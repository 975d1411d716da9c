import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandProbe } from '../../../src/watch/probes/command-probe.ts';
import type { CommandSource } from '../../../src/watch/watch-plan.ts';

const ask = { signal: new AbortController().signal, probes: 0 };
const node = (script: string) => [process.execPath, '-e', script];
const read = (source: Pick<CommandSource, 'argv' | 'reads' | 'timeoutMs'>) =>
  commandProbe({ kind: 'command', name: 'queue', ...source }).read(ask);

test('an exit code is one request, and an error unless it is 0', async () => {
  assert.deepEqual(await read({ argv: node('process.exit(0)'), reads: 'exit-code' }), {
    source: 'queue',
    requests: 1,
    errors: 0,
  });
  assert.deepEqual(await read({ argv: node('process.exit(3)'), reads: 'exit-code' }), {
    source: 'queue',
    requests: 1,
    errors: 1,
  });
});

test('what cannot start or does not end has not said no', async () => {
  await assert.rejects(read({ argv: ['/no/such/program'], reads: 'exit-code' }), /cannot start/);
  const endless = node('setInterval(() => {}, 1000)');
  await assert.rejects(
    read({ argv: endless, reads: 'exit-code', timeoutMs: 300 }),
    /still running after 300 ms/,
  );
});

test('numbers of the last line are metrics', async () => {
  const argv = node(`console.log('reading'); console.log('{"depth": 4, "oldestSeconds": 1.5, "host": "a"}')`);
  assert.deepEqual(await read({ argv, reads: 'json' }), {
    source: 'queue',
    values: { depth: 4, oldestSeconds: 1.5 },
  });
});

test('a last line without numbers is missing data', async () => {
  for (const [printed, why] of [
    ['oops', /no JSON object: oops/],
    ['[1]', /no JSON object/],
    ['{"depth":null}', /holds no number/],
    ['', /no JSON object/],
  ] as const) {
    const reading = await read({ argv: node(`console.log(${JSON.stringify(printed)})`), reads: 'json' });
    assert.match('missing' in reading ? reading.missing : '', why);
  }
  await assert.rejects(read({ argv: node(`console.log('{"depth":1}'); process.exit(1)`), reads: 'json' }));
});
