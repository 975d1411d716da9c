/** How the bytes of a document become UTF-8. `bomBytes` are skipped. */
export interface DetectedEncoding {
  /** `utf-8`, `utf-16le`, `utf-16be`, or the lower-case name of a single-byte encoding. */
  readonly encoding: string;
  readonly bomBytes: number;
  /** What decided. */
  readonly source: 'bom' | 'option' | 'declaration' | 'pattern' | 'default' | 'guess';
}

/** So many bytes are looked at before deciding; an XML declaration is shorter. */
export const SNIFF_BYTES = 1024;

/** Those that exist: there is no windows-1259 and no ISO-8859-12, and iconv-lite throws an error of its own at them. */
const SINGLE_BYTE =
  /^(?:(?:windows|win|cp)-?125[0-8]|koi8-?[ru]|iso-?8859-?(?:[1-9]|1[013-6])|cp-?866|ibm866)$/;

/**
 * Decides the encoding from the first bytes: byte order mark, then the caller's wish, then the pattern of
 * `<?` in UTF-16, then the XML declaration (XML 1.0 appendix F). Without a declaration the bytes are UTF-8,
 * except that bytes which are not UTF-8 are taken for windows-1251, as old 1C exports are.
 *
 * @returns undefined where the encoding is not known to this reader; `head` must hold `SNIFF_BYTES` or all bytes.
 * @example detectEncoding(Buffer.from('<?xml version="1.0" encoding="windows-1251"?>'))?.encoding // 'windows-1251'
 */
export function detectEncoding(head: Uint8Array, wish?: string | undefined): DetectedEncoding | undefined {
  const [a, b, c, d] = head;
  if (a === 0xef && b === 0xbb && c === 0xbf) return { encoding: 'utf-8', bomBytes: 3, source: 'bom' };
  if (a === 0xff && b === 0xfe) return { encoding: 'utf-16le', bomBytes: 2, source: 'bom' };
  if (a === 0xfe && b === 0xff) return { encoding: 'utf-16be', bomBytes: 2, source: 'bom' };
  if (wish !== undefined) return named(wish, 'option');
  if (a === 0x3c && b === 0) return { encoding: 'utf-16le', bomBytes: 0, source: 'pattern' };
  if (a === 0 && b === 0x3c && c === 0 && d !== 0)
    return { encoding: 'utf-16be', bomBytes: 0, source: 'pattern' };
  const text = Buffer.from(head.buffer, head.byteOffset, head.length).toString('latin1');
  const declared =
    /^<\?xml[^>]*?[ \t\r\n]encoding[ \t\r\n]*=[ \t\r\n]*["']([A-Za-z][A-Za-z0-9._-]*)["']/.exec(text)?.[1];
  if (declared !== undefined) return named(declared, 'declaration');
  if (looksLikeUtf8(head)) return { encoding: 'utf-8', bomBytes: 0, source: 'default' };
  return { encoding: 'windows-1251', bomBytes: 0, source: 'guess' };
}

function named(name: string, source: 'option' | 'declaration'): DetectedEncoding | undefined {
  const encoding = name.toLowerCase();
  if (encoding === 'utf-8' || encoding === 'utf8' || encoding === 'us-ascii') {
    return { encoding: 'utf-8', bomBytes: 0, source };
  }
  if (source === 'option' && (encoding === 'utf-16le' || encoding === 'utf-16be')) {
    return { encoding, bomBytes: 0, source };
  }
  return SINGLE_BYTE.test(encoding) ? { encoding, bomBytes: 0, source } : undefined;
}

/** Whether all complete sequences of the head are UTF-8; the head's end may cut the last one. */
function looksLikeUtf8(head: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}
