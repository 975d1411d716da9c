/**
 * Plain data with secrets replaced in every text of it, names of members too: before it is written as JSON, whose
 * escapes would hide a secret from a search by value.
 *
 * @example redactDeep({ argv: ['-p', 's3cret'] }, createRedactor(['s3cret'])) // { argv: ['-p', '[redacted]'] }
 */
export function redactDeep(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map((member) => redactDeep(member, redact));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [redact(name), redactDeep(member, redact)]),
  );
}
