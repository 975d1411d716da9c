import { Ambiguous, asRoundtripError, Failed } from '../errors.ts';
import type { JournalBody } from '../journal/record.ts';

/**
 * A store that is gone in the middle of a run, in words that say what that means for production: a step whose intent could not
 * be written was not begun; of one whose outcome could not be written, what it did is done and not recorded.
 *
 * @example throw journalLost(error, { body: { type: 'intent', step: 'migrate', act: 'do', attempt: 1 }, changed: true });
 */
export function journalLost(
  thrown: unknown,
  { body, changed }: { readonly body: JournalBody; readonly changed: boolean },
): unknown {
  const error = asRoundtripError(thrown);
  if (error.code !== 'control-store-unreachable') return thrown;
  const parts = { code: error.code, expected: error.expected, fields: { changed }, cause: error };
  if (body.type !== 'outcome' && body.type !== 'mark') {
    const what =
      body.type === 'intent' ? `step "${body.step}" was not begun (${body.act})` : `nothing was begun`;
    return new Failed({
      ...parts,
      seen: `${error.seen}; ${what}`,
      next: 'bring the control store back, then `roundtrip resume`: it goes on with exactly that',
    });
  }
  return new Ambiguous({
    ...parts,
    seen: `${error.seen}; what step "${body.step}" did (${body.act}) could not be recorded, and nothing was begun after it`,
    next: 'bring the control store back, then `roundtrip resume`: the step is inspected before anything is done, and not simply repeated',
  });
}
