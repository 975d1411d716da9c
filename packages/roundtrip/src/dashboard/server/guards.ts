import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** Who may look: names under which the dashboard may be addressed, and the secret of its URL. */
export interface Admission {
  /** Exact `Host` headers: "127.0.0.1:4600". Anything else is another site that points here (DNS rebinding). */
  readonly hosts: ReadonlySet<string>;
  readonly token: string;
  /** Cookies do not know ports: each dashboard of a machine has a name of its own. */
  readonly cookie: string;
}

/** No inline script or style, nothing from elsewhere, no frame, no form. */
const CONTENT_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': CONTENT_POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** A new secret for the URL: 256 bits. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/**
 * Lets in who knows the token and addresses the dashboard by its own name; everybody else gets a status and no reason
 * that would help. The token of the URL becomes a cookie at once, so that it stays neither in the history nor in a
 * screenshot of the address bar.
 *
 * @example guardDashboard(app, () => ({ hosts: new Set(['127.0.0.1:4600']), token, cookie: 'roundtrip-4600' }));
 */
export function guardDashboard(app: FastifyInstance, admission: () => Admission): void {
  app.addHook('onRequest', async (request, reply) => {
    for (const [name, value] of Object.entries(HEADERS)) void reply.header(name, value);
    const { hosts, token, cookie } = admission();
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return reply.code(405).header('allow', 'GET, HEAD').send('read-only\n');
    if (!hosts.has(request.headers.host ?? '')) return reply.code(421).send('not served under this name\n');
    if (!isOwnOrigin(request, hosts)) return reply.code(403).send('another site asked for this\n');
    const asked = (request.query as { readonly token?: string }).token;
    if (typeof asked === 'string') return exchange(reply, { asked, token, cookie });
    if (!equal(request.cookies[cookie], token))
      return reply.code(401).send('open the URL that `roundtrip serve` printed\n');
    return undefined;
  });
}

function exchange(
  reply: FastifyReply,
  { asked, token, cookie }: { readonly asked: string; readonly token: string; readonly cookie: string },
): FastifyReply {
  if (!equal(asked, token)) return reply.code(401).send('open the URL that `roundtrip serve` printed\n');
  return reply.setCookie(cookie, token, { httpOnly: true, sameSite: 'strict', path: '/' }).redirect('/', 303);
}

/** A browser says where a request comes from; a program that says nothing has no cookies of a browser to abuse. */
function isOwnOrigin(request: FastifyRequest, hosts: ReadonlySet<string>): boolean {
  const { origin } = request.headers;
  if (origin !== undefined && !hosts.has(origin.replace(/^https?:\/\//, ''))) return false;
  const site = request.headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return true;
  // A link in a chat opens the page; anything else from elsewhere, another port of this machine included, does not.
  return request.headers['sec-fetch-mode'] === 'navigate';
}

function equal(given: string | undefined, token: string): boolean {
  const [a, b] = [Buffer.from(given ?? ''), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}
