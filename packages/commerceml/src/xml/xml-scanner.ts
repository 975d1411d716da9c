/**
 * A streaming XML 1.0 reader over UTF-8 bytes that checks well-formedness and decodes only the texts it is
 * asked for. Long on purpose: the token loop and the state that it works on are one thing; in several files every
 * token would pass that state around.
 *
 * How it works. The unread bytes lie in one window, and a `<` is written behind the last of them as a sentinel,
 * so that the loops need no bounds check. A token (a text run, a tag, a comment…) that is not complete in the
 * window is left there and read again from its start when more bytes have come: there is no state inside a
 * token, hence feeding byte by byte gives the same events as feeding the whole file.
 *
 * What it does not do: namespaces (prefixes are cut off, not checked), DTDs (skipped), XML 1.1.
 */
import { isUtf8 } from 'node:buffer';
import {
  AMPERSAND,
  GREATER,
  ILLEGAL,
  isSpace,
  LESS,
  NAME_END,
  PLAIN,
  RETURN,
  TEXT_CLASS,
} from './byte-classes.ts';
import { matchWords, WORD_BYTES_MAX } from './byte-words.ts';
import {
  illegalCharacter,
  instructionTargetEnd,
  isNonCharacter,
  skipCdata,
  skipComment,
  skipDoctype,
  skipInstruction,
  startsWith,
} from './markup.ts';
import { resolveReferences } from './references.ts';
import { TextCache } from './text-cache.ts';
import { XmlAttributes } from './xml-attributes.ts';
import { parseXmlDeclaration, type XmlDeclaration } from './xml-declaration.ts';
import { noName, type XmlName, XmlNameTable } from './xml-name.ts';
import { XmlSyntaxError } from './xml-syntax-error.ts';

/** The element's own text is checked but not decoded. */
export const TEXT_IGNORED = 0;
/** The element's own text is decoded. */
export const TEXT_WANTED = 1;
/** As `TEXT_WANTED`, for texts that come again and again: the same string is given each time. */
export const TEXT_REPEATED = 2;
/** One of the three: what to do with an element's own text. */
export type TextMode = 0 | 1 | 2;

/** What a reader gets to see. */
export interface XmlHandler {
  /** A start tag at `offset` (UTF-8 bytes from the start). Returns what to do with the element's own text. */
  onStart(name: XmlName, offset: number): TextMode;
  /** The matching end tag; `text` is the element's own character data where it was asked for, else `''`. */
  onEnd(name: XmlName, text: string): void;
}

/** Deeper nesting than any schema has: a bound for the stacks. */
const DEPTH_MAX = 512;
/** One text, tag or comment may be this long; the window never grows beyond it. */
const TOKEN_BYTES_MAX = 64 * 1024 * 1024;

/** Behind the sentinel, so that comparing a whole name never leaves the window. */
const SLACK_BYTES = WORD_BYTES_MAX + 8;

const HAS_REFERENCE = 1;
const HAS_RETURN = 2;

/**
 * Feed bytes with `write`, finish with `end`; events go to the handler synchronously.
 *
 * @throws XmlSyntaxError at the first violation, from `write` or `end`.
 * @example
 * const scanner = new XmlScanner({ onStart: (name) => (name.local === 'Ид' ? TEXT_WANTED : TEXT_IGNORED), onEnd: (name, text) => print(text) });
 * scanner.write(Buffer.from('<a><Ид>1</Ид></a>'));
 * scanner.end();
 */
export class XmlScanner {
  /** The attributes of the tag that `onStart` is being called for. */
  readonly attributes = new XmlAttributes();
  declaration: XmlDeclaration | undefined;
  readonly #handler: XmlHandler;
  readonly #names = new XmlNameTable();
  #window: Buffer = Buffer.alloc(64 * 1024 + SLACK_BYTES);
  #view: DataView = viewOf(this.#window);
  #length = 0;
  #position = 0;
  /** Offset in the document of the window's first byte. */
  #base = 0;
  /**
   * Unread bytes from which on the window is scanned again. A token that is not complete is read again from its start: in steps of
   * a chunk a long one would cost the square of its length, in steps of twice its length it costs as much as three short ones.
   */
  #scanFrom = 0;
  /** A UTF-8 sequence that the last chunk cut. */
  #tail: Buffer = Buffer.alloc(0);
  #depth = 0;
  #rootSeen = false;
  #doctypeSeen = false;
  /** The last token was a start tag: what follows is the beginning of that element's text. */
  #justOpened = false;
  readonly #open: XmlName[] = [];
  readonly #modes = new Uint8Array(DEPTH_MAX + 1);
  readonly #cache = new TextCache();
  readonly #texts: string[] = [];
  /** Where the guesses for the next start tag are remembered. */
  #last: XmlName = noName();

  constructor(handler: XmlHandler) {
    this.#handler = handler;
  }

  /** How many bytes of UTF-8 were given so far. */
  get bytesWritten(): number {
    return this.#base + this.#length + this.#tail.length;
  }

  /** Offset of the first byte that no complete token holds yet. */
  get position(): number {
    return this.#base + this.#position;
  }

  write(chunk: Uint8Array): void {
    const from = this.#append(chunk);
    const added = this.#window.subarray(from, this.#length);
    if (isUtf8(added)) {
      const unread = this.#length - this.#position;
      if (unread >= this.#scanFrom || unread > TOKEN_BYTES_MAX) this.#scan();
      return;
    }
    const bad = from + firstInvalidUtf8(added);
    this.#length = bad;
    this.#window[bad] = 0x3c;
    this.#scan();
    throw new XmlSyntaxError('invalid-encoding', 'these bytes are not UTF-8', this.#base + bad);
  }

  end(): void {
    this.#scan();
    if (this.#depth === 0 && this.#position < this.#length && this.#tail.length === 0) {
      const rest = this.#window.subarray(this.#position, this.#length);
      const stray = rest.findIndex((byte) => !isSpace(byte));
      if (stray === -1) this.#position = this.#length;
      else if (rest[stray] !== 0x3c) {
        throw new XmlSyntaxError(
          'malformed',
          'text outside the root element',
          this.#base + this.#position + stray,
        );
      }
    }
    if (this.#position < this.#length || this.#tail.length > 0 || this.#depth > 0 || !this.#rootSeen) {
      const where =
        this.#depth > 0
          ? `inside <${this.#open[this.#depth]?.qname ?? ''}>`
          : this.#rootSeen
            ? 'after the root element, inside markup'
            : 'before the root element is complete';
      throw new XmlSyntaxError('truncated', `the document ends ${where}`, this.bytesWritten);
    }
  }

  /** Moves the unread bytes to the front and puts the chunk behind them; returns where the chunk's bytes start. */
  #append(chunk: Uint8Array): number {
    const unread = this.#length - this.#position;
    const needed = unread + this.#tail.length + chunk.length;
    if (unread > TOKEN_BYTES_MAX) {
      throw new XmlSyntaxError(
        'limit-exceeded',
        `one token of more than ${TOKEN_BYTES_MAX} bytes`,
        this.#base + this.#position,
      );
    }
    if (needed + SLACK_BYTES > this.#window.length) {
      const larger = Buffer.alloc(Math.max(needed, unread * 2) + SLACK_BYTES);
      this.#window.copy(larger, 0, this.#position, this.#length);
      this.#window = larger;
      this.#view = viewOf(larger);
    } else if (this.#position > 0) {
      this.#window.copyWithin(0, this.#position, this.#length);
    }
    this.#base += this.#position;
    this.#position = 0;
    this.#window.set(this.#tail, unread);
    this.#window.set(chunk, unread + this.#tail.length);
    const cut = incompleteTail(this.#window, unread, needed);
    this.#tail = Buffer.from(this.#window.subarray(cut, needed));
    this.#length = cut;
    this.#window[cut] = 0x3c;
    return unread;
  }

  /** Reads every complete token of the window. */
  #scan(): void {
    // Locals: an import is read through the module's environment each time, which showed in the profile.
    const textClass = TEXT_CLASS;
    const nameEnd = NAME_END;
    const bytes = this.#window;
    const view = this.#view;
    const cache = this.#cache;
    const limit = this.#length;
    const base = this.#base;
    const handler = this.#handler;
    const open = this.#open;
    const modes = this.#modes;
    const texts = this.#texts;
    let depth = this.#depth;
    let position = this.#position;
    let last = this.#last;
    let justOpened = this.#justOpened;

    while (position < limit) {
      // Character data, up to the next "<" (or the sentinel).
      let i = position;
      let marks = 0;
      const guess = justOpened && modes[depth] === TEXT_REPEATED ? last.lastText?.likely : undefined;
      justOpened = false;
      if (
        guess?.words !== undefined &&
        matchWords(view, i, guess.words, guess.bytes.length) &&
        bytes[i + guess.bytes.length] === 0x3c &&
        i + guess.bytes.length < limit
      ) {
        // The text that was expected here: nothing to look for and nothing to decode.
        i += guess.bytes.length;
        position = i;
        texts[depth] = guess.text;
        last.lastText = guess;
      }
      for (;;) {
        let kind = textClass[bytes[i] as number] as number;
        while (kind === PLAIN) {
          i += 1;
          kind = textClass[bytes[i] as number] as number;
        }
        if (kind === LESS) break;
        if (kind === AMPERSAND) marks |= HAS_REFERENCE;
        else if (kind === RETURN) marks |= HAS_RETURN;
        else if (kind === ILLEGAL) throw illegalCharacter(bytes[i] as number, base + i);
        else if (kind === GREATER) {
          if (i - position >= 2 && bytes[i - 1] === 0x5d && bytes[i - 2] === 0x5d) {
            throw new XmlSyntaxError('malformed', '"]]>" in character data', base + i - 2);
          }
        } else if (isNonCharacter(bytes, i)) throw illegalCharacter(0xfffe, base + i);
        i += 1;
      }
      if (i >= limit) break;
      if (i > position) {
        if (depth === 0) this.#checkOutside(position, i);
        else if (modes[depth] === TEXT_REPEATED && marks === 0) {
          const name = open[depth] as XmlName;
          const entry = cache.find(bytes, position, i);
          if (entry !== undefined) {
            if (name.lastText !== undefined) name.lastText.likely = entry;
            name.lastText = entry;
          }
          texts[depth] += entry === undefined ? bytes.toString('utf8', position, i) : entry.text;
        } else if (modes[depth] !== TEXT_IGNORED) texts[depth] += this.#decode(position, i, marks);
        else if (marks & HAS_REFERENCE) this.#decode(position, i, marks);
        position = i;
      }

      const next = bytes[i + 1] as number;
      if (next === 0x2f) {
        // An end tag: it can only be that of the innermost open element.
        const name = open[depth];
        if (depth === 0 || name === undefined) {
          throw new XmlSyntaxError('malformed', 'an end tag without a start tag', base + i);
        }
        const expected = name.bytes;
        let at = i + 2;
        let k = 0;
        if (name.words !== undefined && matchWords(view, at, name.words, expected.length)) {
          k = expected.length;
          at += k;
        } else {
          while (k < expected.length && bytes[at] === expected[k]) {
            k += 1;
            at += 1;
          }
        }
        if (k === expected.length) while (isSpace(bytes[at])) at += 1;
        if (at >= limit) break;
        if (k < expected.length || bytes[at] !== 0x3e) {
          throw new XmlSyntaxError('malformed', `expected the end tag </${name.qname}>`, base + i);
        }
        position = at + 1;
        const text = texts[depth] as string;
        depth -= 1;
        handler.onEnd(name, text);
        continue;
      }
      if (i + 1 >= limit) break;
      if (next === 0x21 || next === 0x3f) {
        this.#depth = depth;
        const after = this.#readSpecial(i, limit);
        if (after === -1) break;
        position = after;
        continue;
      }

      // A start tag: first try the names that followed the previous one or stood in this parent, then the table.
      let name = last.likely;
      let at = name === undefined ? -1 : matchName(bytes, view, i + 1, name);
      if (at === -1) {
        name = last.likelySecond;
        at = name === undefined ? -1 : matchName(bytes, view, i + 1, name);
      }
      if (at === -1) {
        name = open[depth]?.likelyChild;
        at = name === undefined || depth === 0 ? -1 : matchName(bytes, view, i + 1, name);
      }
      if (at === -1 || name === undefined) {
        at = i + 1;
        while (nameEnd[bytes[at] as number] === 0) at += 1;
        if (at >= limit) break;
        name = at === i + 1 ? undefined : this.#names.intern(bytes, i + 1, at);
        if (name === undefined)
          throw new XmlSyntaxError('malformed', 'expected the name of an element', base + i + 1);
        last.likelySecond = last.likely;
        last.likely = name;
        const parent = open[depth];
        if (depth > 0 && parent !== undefined) parent.likelyChild = name;
      }
      if (at >= limit) break;
      if (depth === 0 && this.#rootSeen) {
        throw new XmlSyntaxError('malformed', 'a second root element', base + i);
      }
      let selfClosing = false;
      if (bytes[at] === 0x3e) {
        at += 1;
        this.attributes.clear();
      } else if (bytes[at] === 0x2f && bytes[at + 1] === 0x3e && at + 1 < limit) {
        at += 2;
        selfClosing = true;
        this.attributes.clear();
      } else {
        at = this.attributes.read(bytes, at, limit, base, this.#names);
        if (at === -1) break;
        selfClosing = this.attributes.selfClosing;
      }
      if (depth >= DEPTH_MAX) {
        throw new XmlSyntaxError('limit-exceeded', `elements nested deeper than ${DEPTH_MAX}`, base + i);
      }
      this.#rootSeen = true;
      last = name;
      position = at;
      const mode = handler.onStart(name, base + i);
      if (selfClosing) {
        handler.onEnd(name, '');
      } else {
        depth += 1;
        open[depth] = name;
        texts[depth] = '';
        modes[depth] = mode;
        justOpened = true;
      }
    }
    this.#last = last;
    this.#justOpened = justOpened;
    this.#depth = depth;
    this.#position = position;
    this.#scanFrom = 2 * (limit - position);
  }

  /** `<!…` and `<?…`; returns the index after it, or -1 where it is not complete. */
  #readSpecial(at: number, limit: number): number {
    const bytes = this.#window;
    const base = this.#base;
    if (bytes[at + 1] === 0x3f) return this.#readInstruction(at, limit);
    const comment = startsWith(bytes, at, limit, '<!--');
    if (comment === true) return skipComment(bytes, at, limit, base);
    const cdata = startsWith(bytes, at, limit, '<![CDATA[');
    if (cdata === true) return this.#readCdata(at, limit);
    const doctype = startsWith(bytes, at, limit, '<!DOCTYPE');
    if (doctype === true) {
      if (this.#rootSeen || this.#doctypeSeen) {
        throw new XmlSyntaxError('malformed', 'a DOCTYPE in the wrong place', base + at);
      }
      const after = skipDoctype(bytes, at, limit, base);
      if (after !== -1) {
        if (!isSpace(bytes[at + 9]))
          throw new XmlSyntaxError('malformed', 'a DOCTYPE without a name', base + at);
        this.#doctypeSeen = true;
      }
      return after;
    }
    if (comment === undefined || cdata === undefined || doctype === undefined) return -1;
    throw new XmlSyntaxError('malformed', 'unknown markup after "<!"', base + at);
  }

  #readCdata(at: number, limit: number): number {
    if (this.#depth === 0) {
      throw new XmlSyntaxError('malformed', 'a CDATA section outside the root element', this.#base + at);
    }
    const after = skipCdata(this.#window, at, limit, this.#base);
    if (after !== -1 && this.#modes[this.#depth] !== TEXT_IGNORED) {
      this.#texts[this.#depth] += normalizeReturns(this.#window.toString('utf8', at + 9, after - 3));
    }
    return after;
  }

  #readInstruction(at: number, limit: number): number {
    const after = skipInstruction(this.#window, at, limit, this.#base);
    if (after === -1) return -1;
    const target = this.#window.toString('utf8', at + 2, instructionTargetEnd(this.#window, at));
    if (target.toLowerCase() !== 'xml') return after;
    const text = this.#window.toString('utf8', at, after);
    const declaration = this.#base + at === 0 && target === 'xml' ? parseXmlDeclaration(text) : undefined;
    if (declaration === undefined) {
      throw new XmlSyntaxError('malformed', 'a bad or misplaced XML declaration', this.#base + at);
    }
    this.declaration = declaration;
    return after;
  }

  /** Outside the root element only white space may stand. */
  #checkOutside(from: number, to: number): void {
    for (let i = from; i < to; i += 1) {
      if (!isSpace(this.#window[i])) {
        throw new XmlSyntaxError('malformed', 'text outside the root element', this.#base + i);
      }
    }
  }

  #decode(from: number, to: number, marks: number): string {
    const raw = this.#window.toString('utf8', from, to);
    if (marks === 0) return raw;
    const text = marks & HAS_RETURN ? normalizeReturns(raw) : raw;
    if ((marks & HAS_REFERENCE) === 0) return text;
    const resolved = resolveReferences(text);
    if (typeof resolved === 'string') return resolved;
    throw new XmlSyntaxError(
      resolved.undefinedEntity ? 'undefined-entity' : 'malformed',
      `cannot resolve "${resolved.seen}" (only the five predefined entities and characters exist)`,
      this.#base + from + Buffer.byteLength(text.slice(0, resolved.at)),
    );
  }
}

/** Index after the name if the bytes at `at` are this whole name, else -1. */
function matchName(bytes: Uint8Array, view: DataView, at: number, name: XmlName): number {
  const expected = name.bytes;
  const length = expected.length;
  if (name.words !== undefined) {
    if (!matchWords(view, at, name.words, length)) return -1;
  } else {
    for (let i = 0; i < length; i += 1) if (bytes[at + i] !== expected[i]) return -1;
  }
  return NAME_END[bytes[at + length] as number] === 1 ? at + length : -1;
}

function viewOf(window: Buffer): DataView {
  return new DataView(window.buffer, window.byteOffset, window.length);
}

/** XML 1.0 §2.11: CR LF and a lone CR are one line feed. */
function normalizeReturns(text: string): string {
  return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
}

/** Index where an UTF-8 sequence starts that the end of the bytes cuts, or `end`. */
function incompleteTail(bytes: Uint8Array, start: number, end: number): number {
  for (let i = end - 1; i >= Math.max(start, end - 3); i -= 1) {
    const byte = bytes[i] as number;
    if (byte < 0x80) return end;
    if (byte >= 0xc0) {
      const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return i + length > end ? i : end;
    }
  }
  return end;
}

/** Index of the first byte that is not part of valid UTF-8; halves the range, since the check is native. */
function firstInvalidUtf8(bytes: Uint8Array): number {
  let good = 0;
  let size = bytes.length;
  while (size > 8) {
    const half = good + (size >> 1);
    const cut = incompleteTail(bytes, good, half);
    if (cut > good && isUtf8(bytes.subarray(good, cut))) {
      size -= cut - good;
      good = cut;
    } else {
      size = half - good;
    }
  }
  for (let length = 1; length <= 4 && good < bytes.length; length += 1) {
    if (!isUtf8(bytes.subarray(good, good + length))) continue;
    good += length;
    length = 0;
  }
  return good;
}
