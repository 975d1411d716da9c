/**
 * The rare kinds of markup: comments, processing instructions, CDATA sections, DOCTYPE. Each function gets the
 * window, the index of its `<` and the limit (one past the last byte; a `<` stands there as a sentinel), and
 * returns the index after the construct, or -1 where the construct is not complete yet.
 */
import { ILLEGAL, isSpace, LEAD_EF, NAME_END, TEXT_CLASS } from './byte-classes.ts';
import { isXmlName } from './xml-name.ts';
import { XmlSyntaxError } from './xml-syntax-error.ts';

const DASH = 0x2d;
const GREATER_THAN = 0x3e;

/** Whether the bytes at `at` start with `word`; undefined where the window ends before that is known. */
export function startsWith(bytes: Uint8Array, at: number, limit: number, word: string): boolean | undefined {
  for (let i = 0; i < word.length; i += 1) {
    if (at + i >= limit) return undefined;
    if (bytes[at + i] !== word.charCodeAt(i)) return false;
  }
  return true;
}

/** Refuses the characters that XML 1.0 does not allow anywhere. */
export function checkCharacters(bytes: Uint8Array, from: number, to: number, base: number): void {
  for (let i = from; i < to; i += 1) {
    const kind = TEXT_CLASS[bytes[i] as number];
    if (kind === ILLEGAL) throw illegalCharacter(bytes[i] as number, base + i);
    if (kind === LEAD_EF && isNonCharacter(bytes, i)) throw illegalCharacter(0xfffe, base + i);
  }
}

/** U+FFFE and U+FFFF, whose UTF-8 is EF BF BE and EF BF BF. */
export function isNonCharacter(bytes: Uint8Array, at: number): boolean {
  return bytes[at + 1] === 0xbf && (bytes[at + 2] as number) >= 0xbe;
}

/** The error for a character outside the production `Char`. */
export function illegalCharacter(code: number, offset: number): XmlSyntaxError {
  return new XmlSyntaxError(
    'malformed',
    `character U+${code.toString(16).toUpperCase().padStart(4, '0')} is not allowed in XML`,
    offset,
  );
}

/** `<!-- … -->`; `--` inside is an error (§2.5). */
export function skipComment(bytes: Uint8Array, at: number, limit: number, base: number): number {
  for (let i = at + 4; i + 1 < limit; i += 1) {
    if (bytes[i] !== DASH || bytes[i + 1] !== DASH) continue;
    if (i + 2 >= limit) return -1;
    if (bytes[i + 2] !== GREATER_THAN) {
      throw new XmlSyntaxError('malformed', '"--" inside a comment', base + i);
    }
    checkCharacters(bytes, at + 4, i, base);
    return i + 3;
  }
  return -1;
}

/** Index after `]]>` of the CDATA section that starts at `at` (its content starts at `at + 9`). */
export function skipCdata(bytes: Uint8Array, at: number, limit: number, base: number): number {
  for (let i = at + 9; i + 2 < limit; i += 1) {
    if (bytes[i] !== 0x5d || bytes[i + 1] !== 0x5d || bytes[i + 2] !== GREATER_THAN) continue;
    checkCharacters(bytes, at + 9, i, base);
    return i + 3;
  }
  return -1;
}

/** `<?target data?>`. The XML declaration is checked by the caller, which knows whether this is the first byte. */
export function skipInstruction(bytes: Uint8Array, at: number, limit: number, base: number): number {
  let end = at + 2;
  while (end + 1 < limit && !(bytes[end] === 0x3f && bytes[end + 1] === GREATER_THAN)) end += 1;
  if (end + 1 >= limit) return -1;
  checkCharacters(bytes, at + 2, end, base);
  const targetEnd = instructionTargetEnd(bytes, at);
  const target = Buffer.from(bytes.buffer, bytes.byteOffset + at + 2, targetEnd - at - 2).toString('utf8');
  if (!isXmlName(target)) {
    throw new XmlSyntaxError('malformed', 'a processing instruction needs a name', base + at);
  }
  if (targetEnd < end && !isSpace(bytes[targetEnd])) {
    throw new XmlSyntaxError('malformed', 'a bad character in the name of an instruction', base + targetEnd);
  }
  return end + 2;
}

/** Index after the target's name of the instruction at `at`. */
export function instructionTargetEnd(bytes: Uint8Array, at: number): number {
  let i = at + 2;
  while (NAME_END[bytes[i] as number] === 0) i += 1;
  return i;
}

/**
 * `<!DOCTYPE … >` with its internal subset. Nothing in it is obeyed: no entity is defined and no file is
 * opened, so neither external entities nor entity bombs exist. A reference to such an entity is an error.
 */
export function skipDoctype(bytes: Uint8Array, at: number, limit: number, base: number): number {
  let subset = false;
  let i = at + 9;
  while (i < limit) {
    const byte = bytes[i] as number;
    if (byte === 0x22 || byte === 0x27) {
      i = indexAfter(bytes, i + 1, limit, String.fromCharCode(byte));
    } else if (byte === 0x5b && !subset) {
      subset = true;
      i += 1;
    } else if (byte === 0x5d && subset) {
      subset = false;
      i += 1;
    } else if (byte === GREATER_THAN && !subset) {
      checkCharacters(bytes, at, i, base);
      return i + 1;
    } else if (subset && byte === 0x3c && startsWith(bytes, i, limit, '<!--') === true) {
      i = skipComment(bytes, i, limit, base);
    } else if (subset && byte === 0x3c && startsWith(bytes, i, limit, '<?') === true) {
      i = indexAfter(bytes, i + 2, limit, '?>');
    } else {
      i += 1;
    }
    if (i === -1) return -1;
  }
  return -1;
}

function indexAfter(bytes: Uint8Array, from: number, limit: number, word: string): number {
  for (let i = from; i + word.length <= limit; i += 1) {
    if (startsWith(bytes, i, limit, word) === true) return i + word.length;
  }
  return -1;
}
