import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import type { CommandService } from '../../src/services/command-services.ts';
import { serviceState, startService, stopService } from '../../src/services/service.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'services-'));
after(() => rmSync(folder, { recursive: true }));

function fileService(name: string, change: Partial<CommandService> = {}): CommandService {
  const file = path.join(folder, name);
  return {
    name,
    start: ['touch', file],
    stop: ['rm', '-f', file],
    status: ['sh', '-c', 'test -e "$0" || exit 3', file],
    timeoutMs: 600,
    ...change,
  };
}

describe('services by command', () => {
  it('start and stop, once or twice', async () => {
    const service = fileService('plain');
    for (const _twice of [1, 2]) await startService(service);
    assert.equal(await serviceState(service), 'running');
    for (const _twice of [1, 2]) await stopService(service);
    assert.equal(await serviceState(service), 'stopped');
  });

  it('are waited for until they are really gone', async () => {
    const file = path.join(folder, 'slow');
    const slow = fileService('slow', {
      stop: ['sh', '-c', '(sleep 0.3; rm -f "$0") >/dev/null 2>&1 &', file],
      timeoutMs: 5_000,
    });
    writeFileSync(file, '');
    await stopService(slow);
    assert.equal(await serviceState(slow), 'stopped');
  });

  it('fail when the command succeeds and the state says otherwise', async () => {
    const stubborn = fileService('stubborn', { stop: ['true'] });
    await startService(stubborn);
    await assert.rejects(stopService(stubborn), { code: 'service-not-in-state' });
  });

  it('are unknown, not stopped, when the status command itself is broken', async () => {
    const broken = fileService('broken', { status: ['sh', '-c', 'exit 42'] });
    assert.equal(await serviceState(broken), 'unknown');
    await assert.rejects(stopService(broken), { code: 'service-not-in-state', message: /unknown/ });
  });

  it('have one deadline for all of the wait: a status command that hangs does not get one of its own', async () => {
    const file = path.join(folder, 'hanging');
    const hanging = fileService('hanging', {
      start: ['touch', file],
      status: ['sh', '-c', 'test -e "$0" && exec sleep 30; exit 3', file],
    });
    await assert.rejects(startService(hanging), {
      code: 'service-not-in-state',
      message: /hanging is unknown \(the status command did not end\)/,
    });
  });
});
