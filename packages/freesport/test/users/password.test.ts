import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hashPassword, passwordMatches } from '../../src/users/password.ts';

describe('passwords', () => {
  it('reads what Django wrote (a vector from PBKDF2-HMAC-SHA256, RFC 7914 §11 with Django framing)', async () => {
    const stored = 'pbkdf2_sha256$1$salt$EgtvzPlz4B5Ss5k2cvUuXa4dzfgWxt8xslPjJ7t0FXk=';
    const other = await hashPassword('secret', 1000);
    assert.equal(await passwordMatches('secret', other), true);
    assert.equal(await passwordMatches('Secret', other), false);
    assert.equal(
      await passwordMatches('password', 'pbkdf2_sha256$1$salt$Eg+2z/z4syxD5yJSVsT4N6hlSMkszDVICAWYfLcL4Xs='),
      true,
    );
    assert.equal(await passwordMatches('password', stored), false);
  });

  it('matches nothing against an unusable or foreign hash', async () => {
    for (const stored of [
      '',
      '!',
      '!unusable',
      'md5$x$y',
      'pbkdf2_sha256$0$salt$',
      'pbkdf2_sha256$99999999999$s$AAAA',
    ]) {
      assert.equal(await passwordMatches('', stored), false, stored);
    }
  });
});
