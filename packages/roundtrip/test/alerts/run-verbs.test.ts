import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, beforeEach, type TestContext, test } from 'node:test';
import type { Alert } from '../../src/alerts/alert.ts';
import type { AlertChannel } from '../../src/alerts/alert-channel.ts';
import { parseJournal } from '../../src/journal/chain.ts';
import { RUN } from '../faults/every-boundary.ts';
import { buildToyStage, type ToyStage } from '../faults/toy-stage.ts';
import { refusedUrl } from '../watch/serve.ts';
import { httpReceiver } from './receivers.ts';

let stage: ToyStage;
before(async () => {
  stage = await buildToyStage();
});
after(() => stage.close());
beforeEach(() => stage.reset());

const BACK = ['rollback', '--target', 'production', '--confirm', 'production'];

/** Writes the target's channels, as an operator would. */
function setAlerts(alerts: readonly AlertChannel[]): void {
  const file = path.join(stage.folder, 'targets.json');
  const targets = JSON.parse(readFileSync(file, 'utf8')) as { production: object };
  writeFileSync(file, JSON.stringify({ ...targets, production: { ...targets.production, alerts } }));
}

async function pager(context: TestContext) {
  const { url, received } = await httpReceiver(context, () => ({ status: 200 }));
  setAlerts([{ kind: 'webhook', name: 'pager', url }]);
  const alerts = () => received.map(({ body }) => JSON.parse(body) as Alert);
  return { alerts, events: () => alerts().map(({ event }) => event) };
}

async function journalOf() {
  const { stdout } = await stage.verb(0, 'status', '--json');
  const status = JSON.parse(
    stdout
      .trim()
      .split('\n')
      .find((line) => line.includes('"runId"')) ?? '{}',
  );
  const file = path.join(stage.folder, 'state', 'runs', String(status.runId), 'journal.ndjson');
  return parseJournal(readFileSync(file, 'utf8')).records;
}

test('run and rollback tell their ends; the journal holds who got what, in an unbroken chain', async (context) => {
  const { alerts, events } = await pager(context);
  assert.equal((await stage.verb(0, ...RUN)).exitCode, 0);
  assert.equal((await stage.verb(0, ...BACK)).exitCode, 0);
  assert.deepEqual(events(), ['run-ended', 'rollback-begun', 'rollback-ended']);
  const records = await journalOf();
  for (const { head, event } of alerts()) assert.equal(records[(head?.n ?? 0) - 1]?.hash, head?.hash, event);
  assert.equal(records.filter(({ body }) => body.type === 'alert' && body.delivered).length, 3);
});

test('killed in the middle, the resumed run tells what the dead process owed', async (context) => {
  const { events } = await pager(context);
  const whole = await stage.verb(0, ...RUN);
  await stage.reset();
  const before = events().length;
  const { killed } = await stage.verb(whole.boundaries - 1, ...RUN);
  assert.ok(killed);
  assert.equal((await stage.verb(0, 'resume', '--target', 'production')).exitCode, 0);
  assert.deepEqual(events().slice(before), ['run-ended']);
});

test('nobody listens: run, status and rollback do what they do without, and say who was not told', async () => {
  setAlerts([{ kind: 'webhook', name: 'pager', url: await refusedUrl() }]);
  const ran = await stage.verb(0, ...RUN);
  assert.equal(ran.exitCode, 0);
  assert.match(ran.stderr, /ALERT NOT DELIVERED to pager \(run-ended\)/);
  assert.match((await stage.verb(0, 'status')).stdout, /^NOT TOLD: run-ended .* to pager/m);
  assert.equal((await stage.verb(0, ...BACK)).exitCode, 0);
});
