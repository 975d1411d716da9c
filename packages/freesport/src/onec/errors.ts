import { ShopError } from '../errors.ts';

/** Stable codes of what stops an import; each has an entry in `docs/errors.md`. */
export type OnecImportErrorCode =
  | 'exchange-missing'
  | 'exchange-empty'
  | 'exchange-unreadable'
  | 'import-running'
  | 'import-backend-busy'
  | 'import-aborted'
  | 'import-failed'
  | 'log-unwritable';

/** Codes of refusals: nothing was begun. */
const REFUSALS: ReadonlySet<OnecImportErrorCode> = new Set([
  'exchange-missing',
  'exchange-empty',
  'import-running',
  'import-backend-busy',
  'log-unwritable',
]);

/** The parts of an import error: what was seen, what was expected, what is safe next. */
export interface OnecImportErrorParts {
  readonly code: OnecImportErrorCode;
  readonly seen: string;
  readonly expected: string;
  readonly next: string;
  readonly fields?: Readonly<Record<string, unknown>> | undefined;
  readonly cause?: unknown;
}

/**
 * An import that did not happen. Whatever the reason, the catalogue is as it was before: the visible change is one
 * transaction. The shop's code is `refused` where nothing was begun, else `failed`.
 *
 * @example
 * throw new OnecImportError({ code: 'exchange-missing', seen: 'no folder /var/1c', expected: 'an exchange folder',
 *   next: 'check the path; nothing was changed' });
 */
export class OnecImportError extends ShopError {
  readonly reason: OnecImportErrorCode;

  constructor(parts: OnecImportErrorParts) {
    super(
      REFUSALS.has(parts.code) ? 'refused' : 'failed',
      `${parts.seen} — expected ${parts.expected}. Next: ${parts.next}`,
      { cause: parts.cause, details: { reason: parts.code, ...parts.fields } },
    );
    this.name = 'OnecImportError';
    this.reason = parts.code;
  }
}
