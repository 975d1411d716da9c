/**
 * The one registry of Roundtrip's errors. Five outcomes that are never merged (design: the engine):
 *
 * | class        | production is               | exit code |
 * |--------------|-----------------------------|-----------|
 * | `Refused`    | untouched by this command   | 3         |
 * | `Failed`     | in a known state            | 4 or 5    |
 * | `Ambiguous`  | unknown: a human decides    | 10        |
 * | `UndoFailed` | stuck between two states    | 7         |
 * | `Bug`        | unknown, our fault          | 1         |
 *
 * A message is built from what was seen, what was expected and what is safe next, so that no error can be
 * written without the three. What state production is in comes from the journal and is added by the CLI.
 */
export type Outcome = 'refused' | 'failed' | 'ambiguous' | 'undo-failed' | 'bug';

/** The parts of an error. `code` is stable, kebab-case and has an entry in `docs/errors.md`. */
export interface ErrorParts {
  readonly code: string;
  /** What was observed, with the numbers: "the dump lists 41 of 43 tables". */
  readonly seen: string;
  /** What should have been there: "every table of the snapshot". */
  readonly expected: string;
  /** What is safe to do next, as a sentence or a command. */
  readonly next: string;
  /** Machine-readable particulars for `--json`; must not hold secrets. */
  readonly fields?: Readonly<Record<string, unknown>> | undefined;
  readonly cause?: unknown;
}

/** Base of every error that Roundtrip raises on purpose. */
export abstract class RoundtripError extends Error {
  abstract readonly outcome: Outcome;
  readonly code: string;
  readonly seen: string;
  readonly expected: string;
  readonly next: string;
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(parts: ErrorParts) {
    super(`${parts.seen} — expected ${parts.expected}. Next: ${parts.next}`, { cause: parts.cause });
    this.name = new.target.name;
    this.code = parts.code;
    this.seen = parts.seen;
    this.expected = parts.expected;
    this.next = parts.next;
    this.fields = parts.fields ?? {};
  }
}

/** A guard said no before anything was touched. */
export class Refused extends RoundtripError {
  readonly outcome = 'refused';
}

/** Something did not work and the state it left is known. */
export class Failed extends RoundtripError {
  readonly outcome = 'failed';
}

/** It cannot be told whether the effect happened; only an inspection or a human can say. */
export class Ambiguous extends RoundtripError {
  readonly outcome = 'ambiguous';
}

/** Going back failed as well: the run is stuck and says where. */
export class UndoFailed extends RoundtripError {
  readonly outcome = 'undo-failed';
}

/** An assumption of our own code does not hold. */
export class Bug extends RoundtripError {
  readonly outcome = 'bug';
}

/** Any thrown value as a RoundtripError: ours unchanged, everything else a Bug that keeps its cause. */
export function asRoundtripError(thrown: unknown): RoundtripError {
  if (thrown instanceof RoundtripError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new Bug({
    code: 'unexpected-error',
    seen: `unexpected error: ${message}`,
    expected: 'an error of a known kind',
    next: 'run `roundtrip status`, then report this with its stack, which is printed without --json',
    cause: thrown,
  });
}
