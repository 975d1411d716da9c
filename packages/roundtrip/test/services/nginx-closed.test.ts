import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addressTest } from '../../src/services/nginx-address.ts';
import { closedDoor, readDoor } from '../../src/services/nginx-closed.ts';

const DOOR = {
  since: '2026-11-23T02:00:00.000Z',
  reason: 'a\n"reason"',
  retryAfterSeconds: 600,
  healthPaths: [],
  operatorAddresses: [],
  page: 'closed',
};

describe('the file that nginx includes', () => {
  it('gives back what stood there before, byte for byte', () => {
    for (const former of [undefined, '', '\n', 'allow all;', '# a\n\n#| b\n', closedDoor(DOOR, 'nested\n')])
      assert.deepEqual(readDoor(closedDoor(DOOR, former)), { since: DOOR.since, former });
  });

  it('is told from a file of somebody else', () => {
    for (const content of ['', 'return 503;\n', '# maintenance\n'])
      assert.equal(readDoor(content), undefined);
  });

  it('takes no path that could end the condition', () => {
    for (const path of ['health', '/a b', '/a"', '/a\\'])
      assert.throws(() => closedDoor({ ...DOOR, healthPaths: [path] }, undefined), {
        code: 'nginx-path-invalid',
      });
  });
});

describe("an operator's address", () => {
  /** What nginx would do with the condition: the expression is PCRE's and JavaScript's alike. */
  function lets(condition: string, client: string): boolean {
    const [, operator, text = ''] = /^(=|~) "(.*)"$/.exec(condition) ?? [];
    return operator === '=' ? client === text : new RegExp(text).test(client);
  }
  const CASES: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ['10.1.2.3', ['10.1.2.3'], ['10.1.2.30', '10.1.213']],
    ['10.0.0.0/8', ['10.0.0.1', '10.255.255.255'], ['100.0.0.1', '11.0.0.1']],
    ['10.16.0.0/12', ['10.16.0.1', '10.31.255.1'], ['10.15.0.1', '10.32.0.1', '10.160.0.1']],
    ['10.20.0.0/12', ['10.16.0.1'], ['10.32.0.1']],
    ['192.168.1.64/26', ['192.168.1.64', '192.168.1.127'], ['192.168.1.63', '192.168.1.128', '192.168.1.6']],
    ['128.0.0.0/1', ['128.0.0.1', '255.1.1.1'], ['127.0.0.1', '12.0.0.1']],
    ['1.2.3.4/32', ['1.2.3.4'], ['1.2.3.40']],
    ['2001:DB8:0:0::7', ['2001:db8::7'], ['2001:db8::70']],
  ];
  for (const [address, inside, outside] of CASES) {
    it(`${address} lets through who is in it, and nobody else`, () => {
      const condition = addressTest(address);
      for (const client of inside) assert.equal(lets(condition, client), true, client);
      for (const client of outside) assert.equal(lets(condition, client), false, client);
    });
  }

  it('is refused where it is none, a name, or everybody', () => {
    for (const address of [
      '',
      'db1',
      '10.0.0',
      '10.0.0.0/0',
      '10.0.0.0/33',
      '10.0.0.0/8/8',
      '2001:db8::/32',
      '10.0.0.1"',
    ])
      assert.throws(() => addressTest(address), { code: 'nginx-address-invalid' }, address);
  });
});
