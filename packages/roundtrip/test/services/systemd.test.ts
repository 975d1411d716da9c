import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { serviceState, startService, stopService } from '../../src/services/service.ts';
import type { SystemdUnit } from '../../src/services/systemd.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'systemd-'));
after(() => rmSync(folder, { recursive: true }));

/**
 * A machine without systemd as process 1 cannot run units. The stand-in answers `show` with what systemd 252 prints for
 * the states that a unit goes through, one look after the other, and notes what it was asked.
 */
function standIn(
  name: string,
  states: Readonly<Record<string, readonly string[]>>,
): { unit: SystemdUnit; asked: () => string[] } {
  const place = path.join(folder, name);
  const script = [
    '#!/bin/sh',
    `echo "$@" >> ${place}.asked`,
    `case "$1" in start|stop) cp ${place}.after-$1 ${place}.states;; show)`,
    `  head -n 1 ${place}.states | tr ';' '\\n'`,
    `  [ "$(wc -l < ${place}.states)" = 1 ] || sed -i 1d ${place}.states;; esac`,
  ];
  writeFileSync(place, `${script.join('\n')}\n`);
  chmodSync(place, 0o755);
  for (const [when, lines] of Object.entries(states)) {
    const file = when === 'now' ? `${place}.states` : `${place}.${when}`;
    writeFileSync(file, `${lines.join('\n')}\n`);
  }
  return {
    unit: { kind: 'systemd', unit: 'shop-api.service', systemctl: [place], timeoutMs: 1_000 },
    asked: () =>
      existsSync(`${place}.asked`) ? readFileSync(`${place}.asked`, 'utf8').trim().split('\n') : [],
  };
}

const shown = (active: string, sub: string, pid = 0, result = 'success') =>
  `LoadState=loaded;ActiveState=${active};SubState=${sub};Result=${result};MainPID=${pid}`;
const RUNNING = shown('active', 'running', 77);
const STOPPED = shown('inactive', 'dead');
const SHOW = 'show --property=LoadState,ActiveState,SubState,Result,MainPID -- shop-api.service';

describe('a systemd unit (stand-in for systemctl: no systemd runs on a build machine)', () => {
  it('starts and is waited for, and is left alone when it runs', async () => {
    const { unit, asked } = standIn('start', {
      now: [STOPPED],
      'after-start': [shown('activating', 'start', 77), RUNNING],
    });
    await startService(unit);
    assert.deepEqual(asked(), [SHOW, 'start -- shop-api.service', SHOW, SHOW]);
    await startService(unit);
    assert.equal(asked().length, 5);
  });

  it('is not stopped while it is still stopping, nor while its main process is left', async () => {
    const { unit, asked } = standIn('stop', {
      now: [RUNNING],
      'after-stop': [shown('deactivating', 'stop-sigterm', 77), shown('inactive', 'dead', 77), STOPPED],
    });
    await stopService(unit);
    assert.deepEqual(asked(), [SHOW, 'stop -- shop-api.service', SHOW, SHOW, SHOW]);
    assert.equal(await serviceState(unit), 'stopped');
    const stubborn = standIn('stubborn', {
      now: [RUNNING],
      'after-stop': [shown('deactivating', 'stop-sigterm', 77)],
    });
    await assert.rejects(stopService(stubborn.unit), {
      code: 'service-not-in-state',
      message: /unknown \(deactivating \(stop-sigterm\)/,
    });
  });

  it('fails to start at once when systemd gave it up', async () => {
    const { unit } = standIn('failed', {
      now: [STOPPED],
      'after-start': [shown('failed', 'failed', 0, 'exit-code')],
    });
    await assert.rejects(startService({ ...unit, timeoutMs: 60_000 }), {
      code: 'service-not-in-state',
      message: /failed \(failed\), result exit-code/,
    });
  });

  it('is refused where systemd does not know it', async () => {
    const { unit } = standIn('unknown', { now: [STOPPED.replace('loaded', 'not-found')] });
    await assert.rejects(serviceState(unit), { code: 'service-unknown' });
  });

  it('is told from a systemd that cannot be asked', async () => {
    const { unit } = standIn('mute', { now: [''] });
    await assert.rejects(serviceState(unit), { code: 'service-manager-unreachable' });
  });
});
