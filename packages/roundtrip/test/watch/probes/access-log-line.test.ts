import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseAccessLogLine } from '../../../src/watch/probes/access-log-line.ts';
import type { AccessLogSource } from '../../../src/watch/watch-plan.ts';

const CASES: readonly (readonly [string, string, ReturnType<typeof parseAccessLogLine>])[] = [
  [
    'combined',
    '10.0.0.7 - - [30/Nov/2025:02:59:01 +0300] "GET /api/products/ HTTP/1.1" 200 812 "-" "Mozilla/5.0"',
    { status: 200, tookMs: undefined, isProbe: false },
  ],
  [
    'with $request_time',
    '10.0.0.7 - - [30/Nov/2025:02:59:01 +0300] "POST /api/cart/ HTTP/2.0" 502 157 "https://shop/" "Mozilla/5.0" 1.043',
    { status: 502, tookMs: 1043, isProbe: false },
  ],
  [
    'a probe of ours',
    '::1 - - [30/Nov/2025:02:59:01 +0300] "GET / HTTP/1.1" 200 5 "-" "roundtrip-probe" 0.001',
    { status: 200, tookMs: 1, isProbe: true },
  ],
  [
    'a user with a space and a request of garbage',
    String.raw`10.0.0.7 - anna b [30/Nov/2025:02:59:01 +0300] "\x16\x03\x01 \"x" 400 0 "-" "-"`,
    { status: 400, tookMs: undefined, isProbe: false },
  ],
  ['an error log', '2025/11/30 02:59:01 [error] 7#7: *1 connect() failed', undefined],
  ['nothing', '', undefined],
];

for (const [what, line, expected] of CASES) {
  test(`nginx: ${what}`, () => {
    assert.deepEqual(parseAccessLogLine(line, 'nginx'), expected);
  });
}

const PINO: AccessLogSource['format'] = {
  status: 'res.statusCode',
  duration: 'responseTime',
  durationUnit: 'ms',
  userAgent: 'req.headers.user-agent',
};

test('JSON: members may be nested, times in either unit, statuses text', () => {
  const line =
    '{"req":{"headers":{"user-agent":"roundtrip-probe"}},"res":{"statusCode":503},"responseTime":12.5}';
  assert.deepEqual(parseAccessLogLine(line, PINO), { status: 503, tookMs: 12.5, isProbe: true });
  assert.deepEqual(
    parseAccessLogLine('{"status":"200","took":"0.25"}', { status: 'status', duration: 'took' }),
    {
      status: 200,
      tookMs: 250,
      isProbe: false,
    },
  );
});

test('JSON: what has no status is no request', () => {
  for (const line of ['{"msg":"listening"}', '[1]', 'null', '{', '{"status":0}', '{"status":""}']) {
    assert.equal(parseAccessLogLine(line, { status: 'status' }), undefined, line);
  }
});

test('any text is a request or none, and never an exception', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
      for (const format of ['nginx', { status: 'status' }, PINO] as const) {
        const request = parseAccessLogLine(line, format);
        assert.ok(request === undefined || Number.isInteger(request.status));
      }
    }),
  );
});
