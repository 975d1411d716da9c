/**
 * Every way in which an exchange can be unreadable. A defect of the *data* is never one of these: it is a
 * `warning` record. An error means that what was read so far may not be used, because the rest is unknown.
 */

/** Stable codes; `docs/errors.md` explains each. */
export type CommerceMlErrorCode =
  /** The file ends inside an element, a tag, a comment or a character. */
  | 'truncated'
  /** The bytes are not well-formed XML 1.0. */
  | 'malformed'
  /** A reference to an entity that XML does not predefine (a DOCTYPE never defines one here). */
  | 'undefined-entity'
  /** A byte sequence that its encoding does not know. */
  | 'invalid-encoding'
  /** An encoding that this reader does not decode, or one that contradicts the bytes. */
  | 'unsupported-encoding'
  /** A nesting, token or archive size beyond the safety limits. */
  | 'limit-exceeded'
  /** Well-formed XML whose root is not `КоммерческаяИнформация`. */
  | 'not-commerceml'
  /** The folder holds no exchange file. */
  | 'empty-exchange'
  /** A zip archive that cannot be read. */
  | 'bad-archive'
  /** The file system refused. */
  | 'unreadable';

/** Where and why, for `CommerceMlError`. */
export interface CommerceMlErrorDetails {
  readonly code: CommerceMlErrorCode;
  /** File name relative to the exchange (`archive.zip!/entry.xml` inside an archive). */
  readonly file: string;
  /** Byte offset in that file where the reader stopped understanding it. */
  readonly offset: number;
  /** Line (from 1), where it could be counted. */
  readonly line?: number | undefined;
  readonly cause?: unknown;
}

/**
 * The only error class that the readers throw, besides the `AbortError` of a cancelled signal.
 *
 * @example
 * try { for await (const r of readExchange(dir)) use(r); }
 * catch (error) { if (error instanceof CommerceMlError && error.code === 'truncated') askAgain(error.file); }
 */
export class CommerceMlError extends Error {
  override readonly name = 'CommerceMlError';
  readonly code: CommerceMlErrorCode;
  readonly file: string;
  readonly offset: number;
  readonly line: number | undefined;
  /** The message without the place, for those who wrap it. */
  readonly reason: string;

  constructor(reason: string, details: CommerceMlErrorDetails) {
    const line = details.line === undefined ? '' : `, line ${details.line}`;
    super(`${details.file}: ${reason} (at byte ${details.offset}${line})`, { cause: details.cause });
    this.reason = reason;
    this.code = details.code;
    this.file = details.file;
    this.offset = details.offset;
    this.line = details.line;
  }
}
