/** The pseudo-attributes of `<?xml …?>`. */
export interface XmlDeclaration {
  readonly version: string;
  readonly encoding: string | undefined;
  readonly standalone: string | undefined;
}

const DECLARATION =
  /^<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?:"(1\.[0-9]+)"|'(1\.[0-9]+)')(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(?:"([A-Za-z][A-Za-z0-9._-]*)"|'([A-Za-z][A-Za-z0-9._-]*)'))?(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(?:"(yes|no)"|'(yes|no)'))?[ \t\r\n]*\?>$/;

/**
 * Reads an XML declaration, from `<?xml` to `?>` (XML 1.0 §2.8). Undefined where it is not one.
 *
 * @example parseXmlDeclaration('<?xml version="1.0" encoding="windows-1251"?>')?.encoding // 'windows-1251'
 */
export function parseXmlDeclaration(text: string): XmlDeclaration | undefined {
  const match = DECLARATION.exec(text);
  if (match === null) return undefined;
  return {
    version: match[1] ?? match[2] ?? '1.0',
    encoding: match[3] ?? match[4],
    standalone: match[5] ?? match[6],
  };
}
