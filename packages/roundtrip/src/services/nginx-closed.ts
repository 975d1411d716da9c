import { Refused } from '../errors.ts';
import { addressTest } from './nginx-address.ts';

/** What a maintenance page lets through and says. */
export interface ClosedDoor {
  readonly since: string;
  readonly reason: string;
  readonly retryAfterSeconds: number;
  /** Paths that are answered as ever; one that ends in "/" stands for all below it. */
  readonly healthPaths: readonly string[];
  /** Addresses that are let through: `10.1.2.3`, `10.0.0.0/12`, `2001:db8::7`. */
  readonly operatorAddresses: readonly string[];
  /** HTML that customers see. */
  readonly page: string;
}

/** A file that was written by `closedDoor`. */
export interface ReadDoor {
  readonly since: string;
  /** What stood in the file before; undefined where there was none. */
  readonly former: string | undefined;
}

/** By this header of its answers a closed door is told from an application that answers 503 itself. */
export const CLOSED_HEADER = 'roundtrip-maintenance';

const MARK = '# roundtrip maintenance: ';
const FORMER = '#| ';

/**
 * What nginx includes at the top of a `server` block while the shop is closed. The former content stands in it as comments, so that
 * one file, replaced at once, holds both what is and what comes back.
 *
 * `return` in the server's own rewrite phase, because it comes before every `location`: what an `allow` or a `return`
 * of a location would let past. An `error_page` of a file would answer 405 to a POST.
 *
 * @throws Refused `nginx-address-invalid`.
 */
export function closedDoor(door: ClosedDoor, former: string | undefined): string {
  const { since, reason, retryAfterSeconds, healthPaths, operatorAddresses, page } = door;
  const lines = [
    `${MARK}${JSON.stringify({ since, reason, former: former !== undefined })}`,
    'set $roundtrip_closed 1;',
    ...healthPaths.map((path) => letThrough(`$uri ${pathTest(path)}`)),
    ...operatorAddresses.map((address) => letThrough(`$remote_addr ${addressTest(address)}`)),
    'if ($roundtrip_closed) { return 503; }',
    'error_page 503 @roundtrip_closed;',
    'location @roundtrip_closed {',
    '  default_type "text/html; charset=utf-8";',
    `  add_header Retry-After ${Math.ceil(retryAfterSeconds)} always;`,
    '  add_header Cache-Control no-store always;',
    `  add_header ${CLOSED_HEADER} on always;`,
    `  return 503 ${quoted(page)};`,
    '}',
    ...(former === undefined ? [] : former.split('\n').map((line) => `${FORMER}${line}`)),
  ];
  return `${lines.join('\n')}\n`;
}

/** Reads such a file; undefined for every other content. */
export function readDoor(content: string): ReadDoor | undefined {
  const [first = '', ...rest] = content.replace(/\n$/, '').split('\n');
  if (!first.startsWith(MARK)) return undefined;
  const { since, former } = JSON.parse(first.slice(MARK.length)) as { since: string; former: boolean };
  const lines = rest.filter((line) => line.startsWith(FORMER)).map((line) => line.slice(FORMER.length));
  return { since, former: former ? lines.join('\n') : undefined };
}

/** The line by which `nginx -T` shows that it reads this file. */
export function markOf(content: string): string {
  return content.split('\n', 1)[0] ?? '';
}

function letThrough(condition: string): string {
  return `if (${condition}) { set $roundtrip_closed 0; }`;
}

function pathTest(path: string): string {
  if (!path.startsWith('/') || /["\\\s]/.test(path))
    throw new Refused({
      code: 'nginx-path-invalid',
      seen: `a health path ${JSON.stringify(path)}`,
      expected: 'a path from "/" on, without blanks, quotes or backslashes',
      next: 'correct `healthPaths` in the runbook',
    });
  const literal = path.replaceAll(/[.*+?^$(){}|[\]]/g, '\\$&');
  return path.endsWith('/') ? `~ "^${literal}"` : `~ "^${literal}$"`;
}

/** nginx has no escape for `$`; in HTML it has another spelling. */
function quoted(html: string): string {
  const escaped = html.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('$', '&#36;');
  return `"${escaped}"`;
}
