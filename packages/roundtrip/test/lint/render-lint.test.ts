import assert from 'node:assert/strict';
import { it } from 'node:test';
import { lintSql } from '../../src/lint/lint-sql.ts';
import { renderLint } from '../../src/lint/render-lint.ts';

it('each statement is told with who waits for it, and how long a rehearsal held its lock', async () => {
  const text =
    'CREATE TABLE new (id int REFERENCES users);\nALTER TABLE orders ALTER COLUMN total SET NOT NULL;';
  const linted = await lintSql([{ name: 'm.sql', text }], { lockTimeoutIsSet: true });
  const held = [
    { step: 'migrate', relation: 'public.orders', mode: 'AccessExclusiveLock', heldMsMax: 480 },
    { step: 'migrate', relation: 'public.orders', mode: 'ShareLock', heldMsMax: 7 },
  ] as const;
  assert.deepEqual(renderLint(linted, held).slice(0, 6), [
    'm.sql:1  CREATE TABLE new (id int REFERENCES users)',
    '    AccessExclusive      public.new (its own, nobody waits)',
    '    ShareRowExclusive    public.users (waits: writes)',
    'm.sql:2  ALTER TABLE orders ALTER COLUMN total SET NOT NULL',
    '    AccessExclusive      public.orders (waits: reads and writes; read from end to end; held for at most 480 ms by "migrate" of the rehearsal)',
    '',
  ]);
  assert.match(renderLint(linted, [])[5] ?? '', /^$/);
  assert.match(renderLint(linted, held).join('\n'), /DANGER m\.sql:2 ddl-set-not-null\n {7}seen: /);
});
