import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { flagMaintenance, proveMaintenance } from '../../src/services/maintenance.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'door-'));
const flagFile = path.join(folder, 'maintenance');
const server = createServer((request, response) => {
  if (request.url === '/hang') return;
  // A door with a hole: under maintenance everything is refused but this.
  const closed = existsSync(flagFile) && request.url !== '/leak';
  response.statusCode = closed ? 503 : 200;
  response.end('{}');
});
let base = '';
let nobody = '';
before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const gone = createServer();
  await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
  nobody = `http://127.0.0.1:${(gone.address() as AddressInfo).port}`;
  await new Promise((resolve) => gone.close(resolve));
});
after(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

const probes = (write: string) => ({
  write: { request: { url: write, method: 'POST' }, open: { status: 200 } },
  read: { request: { url: base }, open: { status: 200 } },
});
const prove = (write: string, expect: 'closed' | 'open', timeoutMs = 600) =>
  proveMaintenance({ probes: probes(write), expect, timeoutMs });
const unproven = { code: 'maintenance-unproven' };

describe('flagMaintenance', () => {
  it('is on and off by a file, twice as well as once', async () => {
    const flag = flagMaintenance({ flagFile });
    for (const _twice of [1, 2]) await flag.on({ reason: 'test', retryAfterSeconds: 5 });
    assert.equal((await flag.state()).on, true);
    for (const _twice of [1, 2]) await flag.off();
    assert.deepEqual(await flag.state(), { on: false });
  });

  it("counts somebody else's file, whatever is in it", async () => {
    for (const content of ['', 'null', 'closed']) {
      writeFileSync(flagFile, content);
      assert.equal((await flagMaintenance({ flagFile }).state()).on, true, content);
    }
    rmSync(flagFile);
  });
});

describe('proveMaintenance', () => {
  it('is proven at the door, in both states', async () => {
    const flag = flagMaintenance({ flagFile });
    await flag.on({ reason: 'test', retryAfterSeconds: 5 });
    assert.equal((await prove(base, 'closed', 2_000)).proven, 'closed');
    await assert.rejects(prove(base, 'open'), unproven);
    await assert.rejects(prove(`${base}/leak`, 'closed'), { ...unproven, message: /answered with 200/ });
    await flag.off();
    assert.equal((await prove(base, 'open', 2_000)).proven, 'open');
  });

  it('takes a port where nobody listens for closed', async () => {
    assert.equal((await prove(nobody, 'closed', 2_000)).proven, 'closed');
  });

  it('takes nothing else for closed: a write that hangs, an unknown host, a broken address', async () => {
    for (const write of [`${base}/hang`, 'http://no-such-host.invalid/', 'not an address'])
      await assert.rejects(prove(write, 'closed'), unproven, write);
  });
});
