import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { runProcess } from '../../src/process/run-process.ts';
import { httpRequest } from '../../src/services/http.ts';
import { proveMaintenance } from '../../src/services/maintenance.ts';
import { type NginxDoor, nginxMaintenance } from '../../src/services/nginx.ts';
import { maintenanceKind, maintenanceOff, maintenanceOn } from '../../src/steps/maintenance.ts';
import { freePort } from './free-port.ts';
import { type RealProgram, startProgram } from './real-program.ts';
import { stepContext } from './step-context.ts';
import { daemonFolder } from './unprivileged.ts';

const folder = daemonFolder('nginx');
const configuration = path.join(folder, 'nginx.conf');
const includeFile = path.join(folder, 'shop.conf');
const nginx = (...argv: string[]) => ['/usr/sbin/nginx', '-p', folder, '-c', configuration, ...argv];
const writes: string[] = [];
const shop = createServer((incoming, response) => {
  if (incoming.method === 'POST') writes.push(incoming.url ?? '');
  response.end('{"ok":true}');
});
let base = '';
let program: RealProgram;
let door: NginxDoor;

before(async () => {
  await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve));
  const backend = (shop.address() as AddressInfo).port;
  const port = await freePort();
  base = `http://127.0.0.1:${port}`;
  mkdirSync(path.join(folder, 'tmp'));
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${folder}/tmp/${kind};`,
  );
  writeFileSync(
    configuration,
    `daemon off; worker_processes 2; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
events { worker_connections 64; }
http { access_log off; ${temporary.join(' ')}
  server {
    listen 127.0.0.1:${port};
    include ${folder}/shop*.conf;
    error_page 503 /elsewhere;
    location / { proxy_pass http://127.0.0.1:${backend}; }
    location /static/ { allow all; return 200 "static"; }
  }
}
`,
  );
  door = {
    includeFile,
    check: nginx('-T'),
    reload: nginx('-s', 'reload'),
    healthPaths: ['/health', '/status/'],
    operatorAddresses: ['127.0.0.8/29'],
  };
  const argv = ['nginx', '-p', folder, '-c', configuration, '-e', `${folder}/error.log`];
  program = await startProgram({ argv, ready: () => httpRequest({ url: base }) });
});
after(async () => {
  await program.stop();
  shop.closeAllConnections();
  shop.close();
  rmSync(folder, { recursive: true });
});
const reasons = { reason: 'test', retryAfterSeconds: 120 };
afterEach(async () => {
  await nginxMaintenance(door).off();
  await reloadsTaken();
  await prove('open');
});

/**
 * A reload is taken some time after its command has ended, and would read what the next test writes. What a last one
 * brings along shows that none before it is under way any more.
 */
async function reloadsTaken(): Promise<void> {
  const mark = randomUUID();
  writeFileSync(includeFile, `add_header X-Mark ${mark} always;\n`);
  await runProcess(nginx('-s', 'reload'), { timeoutMs: 30_000 });
  const deadline = Date.now() + 60_000;
  // A worker of before may answer, or close the connection as it goes.
  const seen = () =>
    httpRequest({ url: base }).then(
      ({ headers }) => headers['x-mark'] === mark,
      () => false,
    );
  for (let times = 0; times < 5; times = (await seen()) ? times + 1 : 0)
    assert.ok(Date.now() < deadline, 'nginx did not take a reload in a minute');
  rmSync(includeFile);
}

const probes = () => ({
  write: { request: { url: `${base}/orders`, method: 'POST', body: '{}' }, open: { status: 200 } },
  read: { request: { url: base }, open: { status: 200 } },
});
const prove = (expect: 'closed' | 'open', timeoutMs = 10_000) =>
  proveMaintenance({ probes: probes(), expect, timeoutMs });

/** A request from another address of this machine. */
function statusFrom(localAddress: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const asking = request(`${base}/orders`, { localAddress, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    asking.once('error', reject);
    asking.end();
  });
}

describe('maintenance by nginx', () => {
  it('refuses every write at the front door while it is on, and passes a read and a write when it is off', async () => {
    const maintenance = nginxMaintenance(door);
    await prove('open');
    for (const _twice of [1, 2]) await maintenance.on(reasons);
    assert.equal((await prove('closed')).proven, 'closed');
    assert.equal((await maintenance.state()).on, true);
    const before = writes.length;
    const answer = await httpRequest({ url: `${base}/orders`, method: 'POST', body: '{}' });
    assert.deepEqual([answer.status, answer.headers['retry-after'], writes.length], [503, '120', before]);
    assert.match(answer.body, /технические работы/);
    assert.match(answer.headers['content-type'] ?? '', /text\/html; charset=utf-8/);
    for (const _twice of [1, 2]) await maintenance.off();
    assert.equal((await prove('open')).proven, 'open');
    assert.deepEqual(await maintenance.state(), { on: false });
  });

  it('is no matter of a location: none of its own rules lets anybody past', async () => {
    await nginxMaintenance(door).on(reasons);
    await prove('closed');
    assert.equal((await httpRequest({ url: `${base}/static/x` })).status, 503);
  });

  it('lets health checks and operators through', async () => {
    await nginxMaintenance(door).on(reasons);
    await prove('closed');
    const statuses = async (...paths: string[]) =>
      Promise.all(paths.map(async (each) => (await httpRequest({ url: `${base}${each}` })).status));
    assert.deepEqual(await statuses('/health', '/health?full=1', '/status/deep/er'), [200, 200, 200]);
    assert.deepEqual(await statuses('/healthy', '/x/health', '/status'), [503, 503, 503]);
    assert.deepEqual([await statusFrom('127.0.0.9'), await statusFrom('127.0.0.16')], [200, 503]);
  });

  it('shows a page of its own, whatever is in it', async () => {
    const page = `<p class='a'>"back" at $uri \\ {soon}; ~10 $5</p>`;
    await nginxMaintenance({ ...door, page }).on(reasons);
    await prove('closed');
    const { body } = await httpRequest({ url: base });
    assert.equal(body.replaceAll('&#36;', '$'), page);
  });

  it('puts back what stood in the file, and leaves nothing beside it', async () => {
    for (const former of ['# ours\nadd_header X-Former yes;', undefined]) {
      if (former === undefined) rmSync(includeFile);
      else writeFileSync(includeFile, former);
      const maintenance = nginxMaintenance(door);
      for (const _twice of [1, 2]) await maintenance.on(reasons);
      await maintenance.off();
      assert.equal(existsSync(includeFile) ? readFileSync(includeFile, 'utf8') : undefined, former);
    }
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('.')),
      [],
    );
  });

  it('is not switched by a configuration that nginx refuses: the file is put back, the door stays as it was', async () => {
    const former = '# ours\n';
    writeFileSync(includeFile, former);
    const page = 'x'.repeat(10_000);
    await assert.rejects(nginxMaintenance({ ...door, page }).on(reasons), {
      code: 'nginx-check-failed',
      message: /too long/,
    });
    assert.equal(readFileSync(includeFile, 'utf8'), former);
    await prove('open');
  });

  it('is refused where nginx does not include the file', async () => {
    const elsewhere = path.join(folder, 'elsewhere.conf');
    await assert.rejects(nginxMaintenance({ ...door, includeFile: elsewhere }).on(reasons), {
      code: 'nginx-not-included',
    });
    assert.equal(existsSync(elsewhere), false);
    await prove('open');
  });

  it('is not proven when the reload was lost: the file alone closes nothing', async () => {
    await nginxMaintenance(door).on(reasons);
    await prove('closed');
    await nginxMaintenance(door).off();
    await prove('open'); // Every reload so far was taken.
    await nginxMaintenance({ ...door, reload: ['true'] }).on(reasons);
    await assert.rejects(prove('closed', 500), { code: 'maintenance-unproven' });
    // What a resumed run does: the same again.
    await nginxMaintenance(door).on(reasons);
    await prove('closed');
  });
});

describe('the maintenance step with nginx', () => {
  it('does, is undone, does again and once more, and verifies at the door', async () => {
    const step = maintenanceOn({ nginx: door, ...probes() });
    const context = stepContext(step);
    await maintenanceKind.do(context, step.args);
    await maintenanceKind.undo?.(context, step.args);
    await prove('open');
    await assert.rejects(maintenanceKind.verify({ ...context, timeoutMs: 300 }, step.args), {
      code: 'maintenance-unproven',
    });
    for (const _twice of [1, 2]) await maintenanceKind.do(context, step.args);
    assert.equal((await maintenanceKind.verify(context, step.args)).proven, 'closed');
    assert.equal(await maintenanceKind.inspect(context, step.args), 'not-done');
  });

  it('is undone once customers see it: what comes next on the way back asks at once', async () => {
    const off = maintenanceOff({ nginx: door, ...probes() });
    const status = async () => (await httpRequest({ url: base })).status;
    for (const _often of [1, 2, 3, 4, 5]) {
      const on = maintenanceOn({ nginx: door, ...probes() });
      assert.deepEqual(await maintenanceKind.undo?.(stepContext(off), off.args), { state: 'on', seen: true });
      assert.equal(await status(), 503);
      assert.deepEqual(await maintenanceKind.undo?.(stepContext(on), on.args), { state: 'off', seen: true });
      assert.equal(await status(), 200);
    }
  });
});
