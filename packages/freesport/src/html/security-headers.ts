import type { FastifyReply } from 'fastify';

/** No inline script or style, nothing from elsewhere, no frame: colours are drawn as SVG attributes for that reason. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * Headers of every page for people.
 *
 * @example
 * return securePage(reply).send(page.text);
 */
export function securePage(reply: FastifyReply): FastifyReply {
  return reply
    .type('text/html; charset=utf-8')
    .header('content-security-policy', POLICY)
    .header('x-content-type-options', 'nosniff')
    .header('referrer-policy', 'same-origin')
    .header('cache-control', 'private, no-cache');
}
