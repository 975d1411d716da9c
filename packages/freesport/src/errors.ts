/**
 * Stable codes of the shop's errors. `usage` and `unconfirmed` end a command with exit code 2, `refused` (nothing was
 * changed), `failed` (a known state) and `unavailable` (the database is away, try again) with 1.
 */
export type ShopErrorCode =
  | 'usage'
  | 'unconfirmed'
  | 'refused'
  | 'failed'
  | 'unavailable'
  | 'not-found'
  | 'invalid'
  | 'conflict'
  | 'forbidden';

/**
 * Every error the shop raises itself. The message says what was seen, what was expected and what is safe next.
 *
 * @example
 * throw new ShopError('refused', 'migration 0101 changed after it was applied; restore the file', { cause });
 */
export class ShopError extends Error {
  readonly code: ShopErrorCode;
  /** Machine-readable facts, for `--json` and for API bodies. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: ShopErrorCode,
    message: string,
    options: { readonly cause?: unknown; readonly details?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ShopError';
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** The exit code of a command that ended with `error`: 2 for usage and a missing confirmation, else 1. */
export function exitCodeOf(error: unknown): number {
  return error instanceof ShopError && (error.code === 'usage' || error.code === 'unconfirmed') ? 2 : 1;
}
