import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { windowAt } from '../../src/runbook/window.ts';

const MOSCOW = { start: '02:00', end: '04:00', zone: 'Europe/Moscow' };

describe('windowAt', () => {
  it('gives the window that is open', () => {
    const { startMs, endMs } = windowAt(MOSCOW, Date.parse('2026-11-23T00:30:00Z'));
    assert.equal(new Date(startMs).toISOString(), '2026-11-22T23:00:00.000Z');
    assert.equal(new Date(endMs).toISOString(), '2026-11-23T01:00:00.000Z');
  });

  it('gives the next one after its end', () => {
    assert.equal(
      new Date(windowAt(MOSCOW, Date.parse('2026-11-23T01:00:00Z')).startMs).toISOString(),
      '2026-11-23T23:00:00.000Z',
    );
  });

  it('spans midnight', () => {
    const night = { start: '23:00', end: '01:00', zone: 'UTC' };
    const { startMs, endMs } = windowAt(night, Date.parse('2026-11-23T00:30:00Z'));
    assert.equal(new Date(startMs).toISOString(), '2026-11-22T23:00:00.000Z');
    assert.equal(endMs - startMs, 7_200_000);
  });

  it('refuses a start that occurs never or twice', () => {
    const berlin = { start: '02:30', end: '05:00', zone: 'Europe/Berlin' };
    assert.throws(() => windowAt(berlin, Date.parse('2026-03-28T22:00:00Z')), { code: 'ambiguous-window' });
    assert.throws(() => windowAt(berlin, Date.parse('2026-10-24T21:00:00Z')), { code: 'ambiguous-window' });
    assert.ok(windowAt(berlin, Date.parse('2026-06-01T12:00:00Z')));
  });

  it('refuses an unknown zone and a time that is none', () => {
    assert.throws(() => windowAt({ ...MOSCOW, zone: 'Mars/Base' }, 0), { code: 'bad-window' });
    assert.throws(() => windowAt({ ...MOSCOW, start: '25:00' }, 0), { code: 'bad-window' });
  });
});
