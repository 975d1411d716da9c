import type { FastifyRequest } from 'fastify';

/** The languages of the storefront. */
export type Language = 'ru' | 'en';

const COOKIE = 'freesport_language';

/**
 * The language of a request: `?lang=`, else the cookie that it left, else what the browser asks for, else Russian.
 *
 * @example
 * requestLanguage(request); // 'en'
 */
export function requestLanguage(request: FastifyRequest): Language {
  const asked = (request.query as { lang?: unknown } | undefined)?.lang;
  if (asked === 'ru' || asked === 'en') return asked;
  const kept = request.cookies[COOKIE];
  if (kept === 'ru' || kept === 'en') return kept;
  return prefersEnglish(request.headers['accept-language'] ?? '') ? 'en' : 'ru';
}

/** The first of ru and en in Accept-Language, which browsers send in order of preference. */
function prefersEnglish(header: string): boolean {
  const first = header
    .toLowerCase()
    .split(',')
    .map((part) => part.trim().slice(0, 2))
    .find((code) => code === 'ru' || code === 'en');
  return first === 'en';
}

/** Name of the cookie that keeps the choice. */
export const languageCookie = COOKIE;
