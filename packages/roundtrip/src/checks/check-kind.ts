import type { JsonObject } from '../json.ts';
import type { CheckContext, Finding } from './check.ts';

/** A kind of check that a runbook lists: its builder stands beside it. Looks, changes nothing, reports all it finds. */
export interface CheckKind<Args extends JsonObject = JsonObject> {
  readonly kind: string;
  run(context: CheckContext, args: Args): Promise<readonly Finding[]>;
}

/** Forgets the type of a kind's arguments: the builder beside it is what guarantees them. */
export function anyCheckKind<Args extends JsonObject>(kind: CheckKind<Args>): CheckKind {
  return kind as unknown as CheckKind;
}
