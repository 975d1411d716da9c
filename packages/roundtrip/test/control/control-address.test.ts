import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { controlAddress } from '../../src/control/control-address.ts';

describe('the address of a control store', () => {
  it('is a URI as libpq takes it', () => {
    assert.deepEqual(controlAddress('postgresql://anna@ops.example.com:5433/runs?passfile=/etc/p%20g'), {
      host: 'ops.example.com',
      port: 5433,
      user: 'anna',
      database: 'runs',
      passwordFile: '/etc/p g',
    });
    assert.deepEqual(controlAddress('postgres://anna@%2Frun%2Fpostgresql/runs'), {
      host: '/run/postgresql',
      port: 5432,
      user: 'anna',
      database: 'runs',
      passwordFile: undefined,
    });
  });

  for (const [what, text] of [
    ['a password', 'postgresql://anna:canary@ops/runs'],
    ['a password as a parameter', 'postgresql://anna@ops/runs?password=canary'],
    ['a parameter that would be ignored', 'postgresql://anna@ops/runs?sslmode=verify-full'],
    ['no database', 'postgresql://anna@ops'],
    ['no user', 'postgresql://ops/runs'],
    ['another scheme', 'https://anna@ops/runs'],
    ['no URI', 'ops/runs canary'],
  ] as const)
    it(`is refused with ${what}, which is not repeated`, () => {
      assert.throws(
        () => controlAddress(text),
        (error: Error & { code: string }) => error.code === 'usage' && !error.message.includes('canary'),
      );
    });
});
