const MASK = '[redacted]';

/**
 * Replaces secrets by value, in every form in which programs print them: raw, URL-encoded, inside JSON, base64 (alone
 * or as `user:secret` of a Basic header). The one place through which lines leave the process.
 *
 * @example createRedactor(['s3cret/x'])('postgres://u:s3cret%2Fx@h') // "postgres://u:[redacted]@h"
 */
export function createRedactor(secrets: readonly string[]): (text: string) => string {
  const forms = new Set<string>();
  for (const secret of secrets) {
    if (secret === '') continue;
    forms.add(secret);
    forms.add(encodeURIComponent(secret));
    forms.add(JSON.stringify(secret).slice(1, -1));
    for (const form of base64Forms(secret)) forms.add(form);
  }
  // Longest first: a short secret inside a longer one must not leave the rest of that readable.
  const ordered = [...forms].sort((a, b) => b.length - a.length);
  return (text) => ordered.reduce((redacted, form) => redacted.replaceAll(form, MASK), text);
}

/** Base64 shifts with what stands before the secret: the part that is the same at each of the three alignments. */
function base64Forms(secret: string): string[] {
  const forms = [Buffer.from(secret).toString('base64').replace(/=+$/, '')];
  for (const padding of ['', '0', '00']) {
    const encoded = Buffer.from(`${padding}${secret}`).toString('base64').replace(/=+$/, '');
    const stable = encoded.slice(padding.length === 0 ? 0 : padding.length + 1, -1);
    if (stable.length >= 6) forms.push(stable);
  }
  return forms;
}
