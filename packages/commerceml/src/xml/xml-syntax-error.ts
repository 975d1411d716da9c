import type { CommerceMlErrorCode } from '../errors.ts';

/** What the scanner throws: it knows no file name, the document reader adds it. `offset` counts UTF-8 bytes. */
export class XmlSyntaxError extends Error {
  override readonly name = 'XmlSyntaxError';
  readonly code: CommerceMlErrorCode;
  readonly offset: number;

  constructor(code: CommerceMlErrorCode, reason: string, offset: number) {
    super(reason);
    this.code = code;
    this.offset = offset;
  }
}
