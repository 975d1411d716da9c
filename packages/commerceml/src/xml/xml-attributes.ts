import { AMPERSAND, ILLEGAL, isSpace, LEAD_EF, LESS, NAME_END, PLAIN, TEXT_CLASS } from './byte-classes.ts';
import { illegalCharacter, isNonCharacter } from './markup.ts';
import { resolveReferences } from './references.ts';
import type { XmlName, XmlNameTable } from './xml-name.ts';
import { XmlSyntaxError } from './xml-syntax-error.ts';

/** More attributes than this on one element is an attack on the duplicate check, not an exchange. */
const ATTRIBUTES_MAX = 256;

/** The attributes of the start tag being read. Values are checked at once, and decoded when asked for. */
export class XmlAttributes {
  /** Set by `read`: the tag ended with `/>`. */
  selfClosing = false;
  #count = 0;
  readonly #names: XmlName[] = [];
  readonly #values: string[] = [];

  /** Forgets the previous tag's attributes. */
  clear(): void {
    this.#count = 0;
  }

  /** The value of an attribute by its qualified or local name. */
  get(name: string): string | undefined {
    for (let i = 0; i < this.#count; i += 1) {
      const own = this.#names[i];
      if (own !== undefined && (own.qname === name || own.local === name)) return this.#values[i];
    }
    return undefined;
  }

  /** All of the tag's attributes in order, by qualified name. */
  entries(): [string, string][] {
    return this.#names.slice(0, this.#count).map((name, i) => [name.qname, this.#values[i] ?? '']);
  }

  /** Reads from after the element's name to after `>`; -1 where the tag is not complete in the window. */
  read(bytes: Uint8Array, from: number, limit: number, base: number, names: XmlNameTable): number {
    this.#count = 0;
    this.selfClosing = false;
    let at = from;
    for (;;) {
      const gap = at;
      while (isSpace(bytes[at])) at += 1;
      if (at >= limit) return -1;
      const byte = bytes[at];
      if (byte === 0x3e) return at + 1;
      if (byte === 0x2f) {
        if (at + 1 >= limit) return -1;
        if (bytes[at + 1] !== 0x3e) throw new XmlSyntaxError('malformed', 'expected "/>"', base + at);
        this.selfClosing = true;
        return at + 2;
      }
      if (at === gap) {
        throw new XmlSyntaxError('malformed', 'expected white space before an attribute', base + at);
      }
      at = this.#readOne(bytes, at, limit, base, names);
      if (at === -1) return -1;
    }
  }

  #readOne(bytes: Uint8Array, from: number, limit: number, base: number, names: XmlNameTable): number {
    let at = from;
    while (NAME_END[bytes[at] as number] === 0) at += 1;
    if (at >= limit) return -1;
    const name = at === from ? undefined : names.intern(bytes, from, at);
    if (name === undefined) throw new XmlSyntaxError('malformed', 'expected an attribute name', base + from);
    while (isSpace(bytes[at])) at += 1;
    if (at >= limit) return -1;
    if (bytes[at] !== 0x3d) {
      throw new XmlSyntaxError('malformed', `attribute ${name.qname} has no value`, base + at);
    }
    at += 1;
    while (isSpace(bytes[at])) at += 1;
    if (at >= limit) return -1;
    const quote = bytes[at];
    if (quote !== 0x22 && quote !== 0x27) {
      throw new XmlSyntaxError('malformed', `the value of ${name.qname} is not quoted`, base + at);
    }
    const end = valueEnd(bytes, at + 1, limit, base, quote);
    if (end === -1) return -1;
    this.#add(name, decodeValue(bytes, at + 1, end, base), base + from);
    return end + 1;
  }

  #add(name: XmlName, value: string, offset: number): void {
    for (let i = 0; i < this.#count; i += 1) {
      if (this.#names[i]?.qname === name.qname) {
        throw new XmlSyntaxError('malformed', `attribute ${name.qname} twice on one element`, offset);
      }
    }
    if (this.#count >= ATTRIBUTES_MAX) {
      throw new XmlSyntaxError('limit-exceeded', `more than ${ATTRIBUTES_MAX} attributes`, offset);
    }
    this.#names[this.#count] = name;
    this.#values[this.#count] = value;
    this.#count += 1;
  }
}

function valueEnd(bytes: Uint8Array, from: number, limit: number, base: number, quote: number): number {
  for (let at = from; ; at += 1) {
    const byte = bytes[at] as number;
    if (byte === quote) return at;
    const kind = TEXT_CLASS[byte];
    if (kind === PLAIN) continue;
    if (kind === LESS) {
      if (at >= limit) return -1;
      throw new XmlSyntaxError('malformed', '"<" in an attribute value', base + at);
    }
    if (kind === ILLEGAL) throw illegalCharacter(byte, base + at);
    if (kind === LEAD_EF && isNonCharacter(bytes, at)) throw illegalCharacter(0xfffe, base + at);
    if (kind === AMPERSAND) continue;
  }
}

/** Attribute-value normalisation of XML 1.0 §3.3.3: line ends, then white space to spaces, then references. */
function decodeValue(bytes: Uint8Array, from: number, to: number, base: number): string {
  const raw = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('utf8');
  const spaced = raw.replace(/\r\n|[\t\n\r]/g, ' ');
  if (!spaced.includes('&')) return spaced;
  const resolved = resolveReferences(spaced);
  if (typeof resolved === 'string') return resolved;
  throw new XmlSyntaxError(
    resolved.undefinedEntity ? 'undefined-entity' : 'malformed',
    `cannot resolve "${resolved.seen}" (only the five predefined entities and characters exist)`,
    base + from + Buffer.byteLength(spaced.slice(0, resolved.at)),
  );
}
