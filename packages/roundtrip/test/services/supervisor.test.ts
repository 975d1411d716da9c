import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { groupMembers } from '../../src/process/process-group.ts';
import { serviceState, startService, stopService } from '../../src/services/service.ts';
import { readStatus, type SupervisorGroup } from '../../src/services/supervisor.ts';
import { servicesKind, startServices, stopServices } from '../../src/steps/services.ts';
import { type RealProgram, startProgram } from './real-program.ts';
import { stepContext } from './step-context.ts';
import { daemonFolder } from './unprivileged.ts';

const folder = daemonFolder('supervisor');
const configuration = path.join(folder, 'supervisord.conf');
const supervisorctl = ['supervisorctl', '-c', configuration];
const PROGRAMS: Readonly<Record<string, string>> = {
  api: 'command=sleep 600\nnumprocs=2\nprocess_name=%(program_name)s_%(process_num)02d\nstartsecs=0',
  worker: 'command=sleep 600\nstartsecs=0',
  // SIGTERM takes its time, as with a worker that ends its job first.
  slow: `command=sh -c 'trap "sleep 0.5; exit 0" TERM; while :; do sleep 0.1; done'\nstartsecs=0`,
  // Longer than a shell takes to end on a machine that is busy.
  dies: "command=sh -c 'exit 3'\nstartretries=0\nstartsecs=15\nautorestart=false",
  flaps: "command=sh -c 'exit 3'\nstartretries=50\nstartsecs=15",
  wrapped: "command=sh -c 'sleep 600 & wait'\nstartsecs=0",
};
const service = (program: string, timeoutMs = 20_000): SupervisorGroup => ({
  kind: 'supervisor',
  program,
  supervisorctl,
  timeoutMs,
});
const pidsOf = (program: string): number[] =>
  readStatus(
    execFileSync('supervisorctl', [...supervisorctl.slice(1), 'status', program], { encoding: 'utf8' }),
  ).flatMap(({ pid }) => pid ?? []);
let program: RealProgram;

before(async () => {
  const programs = Object.entries(PROGRAMS).map(
    ([name, settings]) => `[program:${name}]\nautostart=false\n${settings}\n`,
  );
  writeFileSync(
    configuration,
    `[unix_http_server]
file=${folder}/control.sock
[supervisord]
nodaemon=true
logfile=${folder}/supervisord.log
childlogdir=${folder}
pidfile=${folder}/supervisord.pid
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://${folder}/control.sock
[group:shop]
programs=api,worker
${programs.join('')}`,
  );
  const argv = ['supervisord', '-c', configuration];
  program = await startProgram({ argv, ready: () => serviceState(service('shop:*')) });
});
after(async () => {
  await program.stop();
  rmSync(folder, { recursive: true });
});

describe('a group under supervisor', () => {
  it('starts and stops, once or twice, and its processes are gone', async () => {
    assert.equal(await serviceState(service('shop:*')), 'stopped');
    for (const _twice of [1, 2]) await startService(service('shop:*'));
    assert.equal(await serviceState(service('shop:*')), 'running');
    const pids = pidsOf('shop:*');
    assert.equal(pids.length, 3);
    for (const _twice of [1, 2]) await stopService(service('shop:*'));
    assert.equal(await serviceState(service('shop:*')), 'stopped');
    assert.deepEqual(pids.flatMap(groupMembers), []);
  });

  it('is neither running nor stopped when part of it is, and is brought to either from there', async () => {
    await startService(service('shop:worker'));
    assert.equal(await serviceState(service('shop:*')), 'unknown');
    await startService(service('shop:*'));
    await stopService(service('shop:api_01'));
    await stopService(service('shop:*'));
    assert.equal(await serviceState(service('shop:*')), 'stopped');
  });

  it('is waited for while it ends its work', async () => {
    await startService(service('slow'));
    const pids = pidsOf('slow');
    await stopService(service('slow'));
    assert.deepEqual(pids.flatMap(groupMembers), []);
  });

  it('fails to start by name: FATAL at once', async () => {
    await assert.rejects(startService(service('dies')), {
      code: 'service-not-in-state',
      // At once: no word of a deadline.
      message: /dies FATAL Exited too quickly \(process log may have details\)\) — expected/,
    });
    assert.equal(await serviceState(service('dies')), 'stopped');
  });

  it('fails to start by name: BACKOFF at the deadline, and can be stopped then', async () => {
    await assert.rejects(startService(service('flaps', 4_000)), {
      code: 'service-not-in-state',
      message: /flaps (BACKOFF|STARTING)/,
    });
    await stopService(service('flaps'));
    assert.equal(await serviceState(service('flaps')), 'stopped');
  });

  it('is not stopped while a child of its shell goes on, whatever supervisor says', async () => {
    await startService(service('wrapped'));
    const pids = pidsOf('wrapped');
    await assert.rejects(stopService(service('wrapped', 4_000)), {
      code: 'service-not-in-state',
      message: /go on: set stopasgroup/,
    });
    const left = pids.flatMap(groupMembers);
    assert.equal(left.length, 1);
    for (const pid of left) process.kill(pid, 'SIGKILL');
  });

  it('runs only once it answers where it is asked, and what does not is told', async () => {
    let ready = false;
    const shop = createServer((_request, response) => {
      response.statusCode = ready ? 200 : 503;
      response.end();
    });
    await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve));
    const readyUrl = `http://127.0.0.1:${(shop.address() as AddressInfo).port}/`;
    const asked = { ...service('shop:worker', 3_000), readyUrl };
    try {
      await assert.rejects(startService(asked), {
        code: 'service-not-in-state',
        message: /RUNNING, and http:.* answers 503/,
      });
      assert.equal(await serviceState(asked), 'unknown');
      const started = startService({ ...asked, timeoutMs: 20_000 });
      ready = true;
      await started;
      assert.equal(await serviceState(asked), 'running');
    } finally {
      shop.close();
      shop.closeAllConnections();
    }
    // Nobody listens any more, which does not keep it from being stopped.
    assert.equal(await serviceState(asked), 'unknown');
    await stopService(asked);
    assert.equal(await serviceState(asked), 'stopped');
  });

  it('is refused where supervisor does not know it, and told from a supervisor that is not there', async () => {
    for (const name of ['nothing', 'nothing:*'])
      await assert.rejects(serviceState(service(name)), { code: 'service-unknown' });
    const elsewhere = {
      ...service('shop:*'),
      supervisorctl: ['supervisorctl', '-s', `unix://${folder}/no.sock`],
    };
    await assert.rejects(stopService(elsewhere), {
      code: 'service-manager-unreachable',
      message: /no such file/,
    });
  });
});

describe('the services step with supervisor', () => {
  it('does, is undone, does again and once more', async () => {
    const services = [service('shop:api_00'), service('shop:worker')];
    const start = startServices({ services });
    const stop = stopServices({ services });
    await servicesKind.do(stepContext(start), start.args);
    assert.deepEqual(await servicesKind.verify(stepContext(start), start.args), {
      states: { 'shop:api_00': 'running', 'shop:worker': 'running' },
    });
    const context = stepContext(stop);
    await servicesKind.do(context, stop.args);
    await servicesKind.undo?.(context, stop.args);
    assert.equal(await servicesKind.inspect(context, stop.args), 'not-done');
    for (const _twice of [1, 2]) await servicesKind.do(context, stop.args);
    assert.equal(await servicesKind.inspect(context, stop.args), 'done');
  });
});
