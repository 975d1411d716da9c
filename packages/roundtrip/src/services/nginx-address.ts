import { isIP } from 'node:net';
import { Refused } from '../errors.ts';

const IPV4_BITS = 32;

/**
 * A client's address or an IPv4 network as a condition of nginx's `if`: an `include` in a `server` block cannot hold the
 * `geo` that would take networks as they are.
 *
 * @throws Refused `nginx-address-invalid`, for IPv6 networks too.
 * @example addressTest('10.1.2.3')     // '= "10.1.2.3"'
 * @example addressTest('10.16.0.0/15') // '~ "^10\\.(16|17)\\."'
 */
export function addressTest(address: string): string {
  const [host = '', length, ...more] = address.split('/');
  if (more.length === 0 && length === undefined && isIP(host) !== 0) return `= "${asNginxWrites(host)}"`;
  const bits = Number(length);
  if (more.length > 0 || isIP(host) !== 4 || !/^\d+$/.test(length ?? '') || bits < 1 || bits > IPV4_BITS)
    throw invalid(address);
  const octets = host.split('.').map(Number);
  const whole = Math.floor(bits / 8);
  const fixed = octets.slice(0, whole).join('\\.');
  if (whole === 4) return `= "${host}"`;
  const dot = whole === 0 ? '' : '\\.';
  if (bits % 8 === 0) return `~ "^${fixed}${dot}"`;
  const size = 2 ** (8 - (bits % 8));
  const from = Math.floor((octets[whole] ?? 0) / size) * size;
  const range = Array.from({ length: size }, (_, index) => from + index).join('|');
  return `~ "^${fixed}${dot}(${range})${whole === 3 ? '$' : '\\.'}"`;
}

/** Lower case, the longest run of zeros left out: the WHATWG's form and nginx's are the same. */
function asNginxWrites(host: string): string {
  return isIP(host) === 6 ? new URL(`http://[${host}]/`).hostname.slice(1, -1) : host;
}

function invalid(address: string): Refused {
  return new Refused({
    code: 'nginx-address-invalid',
    seen: `an operator's address ${JSON.stringify(address)}`,
    expected: 'an IPv4 or IPv6 address, or an IPv4 network such as 10.0.0.0/8',
    next: 'correct `operatorAddresses` in the runbook; of an IPv6 network, name the addresses',
  });
}
