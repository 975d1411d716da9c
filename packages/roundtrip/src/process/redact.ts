const MASK = '[redacted]';

/**
 * Replaces secrets by value, in every form in which programs print them: raw, URL- and form-encoded, inside
 * JSON, in base64 (alone or as `user:secret` of a Basic header). The one place through which lines leave the process.
 *
 * @example createRedactor(['s3cret/x'])('postgres://u:s3cret%2Fx@h') // "postgres://u:[redacted]@h"
 */
export function createRedactor(secrets: readonly string[]): (text: string) => string {
  const present = secrets.filter((secret) => secret !== '');
  // Longest first: a short secret inside a longer one must not leave the rest of that readable.
  const forms = [...new Set(present.flatMap(spellings))].sort((a, b) => b.length - a.length);
  return (text) => {
    const plain = forms.reduce((redacted, form) => redacted.replaceAll(form, MASK), text);
    return plain.replaceAll(BASE64, (token) => (holdsSecret(token, present) ? MASK : token));
  };
}

/** The ways in which programs print a secret: raw, in JSON, URL-encoded, form-encoded, with everything escaped. */
function spellings(secret: string): string[] {
  const form = new URLSearchParams({ s: secret }).toString().slice(2);
  const strict = encodeURIComponent(secret).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  const encoded = [encodeURIComponent(secret), form, strict];
  const lowerCase = encoded.map((text) =>
    text.replaceAll(/%[0-9A-F]{2}/g, (escaped) => escaped.toLowerCase()),
  );
  return [secret, JSON.stringify(secret).slice(1, -1), ...encoded, ...lowerCase];
}

/** Anything that may be base64, also of its URL alphabet. Where a secret lies in it, all of it goes: its edges tell too. */
const BASE64 = /[A-Za-z0-9+/_-]{6,}={0,2}/g;

function holdsSecret(token: string, secrets: readonly string[]): boolean {
  const decoded = Buffer.from(token, 'base64').toString('utf8');
  return secrets.some((secret) => decoded.includes(secret));
}
