import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pointedAt, readBackend } from '../../src/services/pgbouncer-ini.ts';

const INI = `;; shop = dbname=comment
[users]
shop = pool_mode=session
[databases]
; shop = dbname=commented_out
other = dbname=other host=db9
shop = host=db1 port = 5433 dbname=shop_a user=app password='it''s dbname=x' pool_size=9
"my shop"= dbname='shop a'
short =
* = host=db1
[pgbouncer]
listen_port = 6432
`;

describe('the [databases] section of pgbouncer.ini', () => {
  it('is read: blanks around =, quotes, defaults', () => {
    assert.deepEqual(readBackend(INI, 'shop'), { host: 'db1', port: 5433, database: 'shop_a' });
    assert.deepEqual(readBackend(INI, 'my shop'), { host: null, port: 5432, database: 'shop a' });
    assert.deepEqual(readBackend(INI, 'short'), { host: null, port: 5432, database: 'short' });
  });

  it('changes in one line and in nothing else of it', () => {
    assert.equal(
      pointedAt(INI, { database: 'shop', backend: { database: 'shop_b' } }),
      INI.replace('dbname=shop_a', 'dbname=shop_b'),
    );
    assert.equal(
      pointedAt(INI, { database: 'short', backend: { database: 'b', host: 'db2', port: 6000 } }),
      INI.replace('short =', 'short = host=db2 port=6000 dbname=b'),
    );
    assert.equal(
      pointedAt(INI, { database: 'shop', backend: { database: 'shop_a', port: 5433 } }),
      INI.replace('port = 5433', 'port=5433'),
    );
  });

  it('quotes what needs it, and reads it again', () => {
    const changed = pointedAt(INI, { database: 'my shop', backend: { database: "it's" } });
    assert.match(changed, /^"my shop"= dbname='it''s'$/m);
    assert.equal(readBackend(changed, 'my shop').database, "it's");
  });

  it('is refused where a database has no line of its own, or two', () => {
    const change = { database: 'absent', backend: { database: 'b' } };
    assert.throws(() => pointedAt(INI, change), { code: 'pgbouncer-line-missing', message: /0 lines/ });
    const twice = INI.replace('short =', 'shop = dbname=z');
    assert.throws(() => readBackend(twice, 'shop'), { code: 'pgbouncer-line-missing', message: /2 lines/ });
  });
});
