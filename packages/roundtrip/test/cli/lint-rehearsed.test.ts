import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { buildToyStage, type ToyStage } from '../faults/toy-stage.ts';

let stage: ToyStage;
before(async () => {
  stage = await buildToyStage();
  await stage.reset();
});
after(() => stage.close());

test('a lint of the target tells how long the rehearsal held each lock', async () => {
  const file = path.join(stage.folder, 'sql/migrate.sql');
  // In the transaction of the file, and long enough to be seen on any machine.
  writeFileSync(file, `${readFileSync(file, 'utf8')}\nSELECT pg_sleep(1);`);
  const before = await stage.verb(0, 'lint', file, '--target', 'production');
  assert.match(before.stdout, /AccessExclusive +public\.order_items \(waits: reads and writes[^\n]*\)\n/);
  assert.doesNotMatch(before.stdout, /held for/);
  const rehearsed = await stage.verb(0, 'rehearse', '--target', 'production');
  assert.match(rehearsed.stderr, /rolled-back/, rehearsed.stderr);
  const { stdout } = await stage.verb(0, 'lint', file, '--target', 'production', '--json');
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const held = lines.filter(
    ({ type, relation }) => type === 'held-lock' && relation === 'public.order_items',
  );
  const strongest = held.find(({ mode }) => mode === 'AccessExclusiveLock');
  assert.equal(strongest?.step, 'migrate');
  assert.ok(Number(strongest?.heldMsMax) >= 1_000, JSON.stringify(held));
  const told = await stage.verb(0, 'lint', file, '--target', 'production');
  assert.match(told.stdout, /public\.order_items \(.*held for at most \d+ ms by "migrate" of the rehearsal/);
});
