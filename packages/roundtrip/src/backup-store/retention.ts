import type { TrustLevel } from './copy-manifest.ts';

/** Retention as data: part of the plan. Every rule keeps; what no rule keeps may go. */
export interface RetentionPolicy {
  /** The newest verified copies of each database. At least 1. */
  readonly keep: number;
  /** Whatever is younger. */
  readonly keepDays: number;
  /** What a cut upload left is kept so long: it may still be going on, or go on. Default 7. */
  readonly unfinishedDays?: number | undefined;
}

/** Who needs a copy, and why. */
export interface Pin {
  /** A run's id, or a person. */
  readonly holder: string;
  readonly reason: string;
  readonly at: string;
}

/** A copy as its store shows it. */
export interface ListedCopy {
  readonly id: string;
  /** `whole`: can be restored. `unfinished`: parts without a manifest. `unreadable`: a manifest that says nothing. */
  readonly state: 'whole' | 'unfinished' | 'unreadable';
  /** The newest object, by the store's clock. */
  readonly modifiedAt: string;
  readonly takenAt?: string | undefined;
  /** Cluster and name: backups of two databases are not in each other's way. */
  readonly database?: string | undefined;
  readonly systemIdentifier?: string | undefined;
  readonly trust?: TrustLevel | undefined;
  readonly encrypted?: boolean | undefined;
  readonly recipients?: readonly string[] | undefined;
  readonly bytes: number;
  readonly objects: number;
  readonly pins: readonly Pin[];
}

export interface RetentionDecision {
  readonly id: string;
  readonly verdict: 'keep' | 'delete';
  /** Every rule that keeps it, or why it may go. */
  readonly reasons: readonly string[];
}

const DAY_MS = 86_400_000;
const UNFINISHED_DAYS = 7;

/** Whether a copy was restored and found equal. Files that list, or have their hashes, prove no backup. */
export function isVerified(copy: Pick<ListedCopy, 'trust'>): boolean {
  return copy.trust === 'T3' || copy.trust === 'T4';
}

/**
 * What may be deleted. Errs to keeping: a pin, youth, a place among the newest N *verified* copies of its database, a manifest that
 * cannot be read, a date in the future each keep. The newest verified copy of a database is always among the kept, whatever N says;
 * a database without a verified copy loses none.
 *
 * @example decideRetention(copies, { keep: 7, keepDays: 30 }, new Date())
 */
export function decideRetention(
  copies: readonly ListedCopy[],
  policy: RetentionPolicy,
  now: Date,
): readonly RetentionDecision[] {
  const newest = newestVerified(copies, Math.max(1, policy.keep));
  return copies.map((copy) => {
    const reasons = copy.pins.map(({ holder, reason }) => `pinned by ${holder}: ${reason}`);
    if (copy.state === 'unreadable') reasons.push('its manifest cannot be read: a human decides');
    if (copy.state === 'unfinished') {
      const days = policy.unfinishedDays ?? UNFINISHED_DAYS;
      // Not younger than, but not known to be older: an unknown date keeps.
      if (!(ageMs(copy.modifiedAt, now) > days * DAY_MS))
        reasons.push(`an upload that may go on: younger than ${days} days`);
    }
    if (copy.state === 'whole') {
      if (!(ageMs(copy.takenAt ?? '', now) > policy.keepDays * DAY_MS))
        reasons.push(`younger than ${policy.keepDays} days`);
      const place = newest.get(familyOf(copy))?.indexOf(copy.id);
      if (place === undefined) reasons.push(`no copy of ${copy.database} is verified`);
      else if (place === 0) reasons.push('the newest verified copy of its database');
      else if (place > 0) reasons.push(`among the newest ${policy.keep} verified copies`);
    }
    if (reasons.length > 0) return { id: copy.id, verdict: 'keep', reasons };
    const why = copy.state === 'unfinished' ? 'an upload that was given up' : 'kept by no rule';
    return { id: copy.id, verdict: 'delete', reasons: [why] };
  });
}

function newestVerified(copies: readonly ListedCopy[], count: number): Map<string, string[]> {
  const families = Map.groupBy(
    copies.filter((copy) => copy.state === 'whole' && isVerified(copy)),
    familyOf,
  );
  return new Map(
    [...families].map(([family, members]) => [
      family,
      members
        .toSorted((a, b) => Date.parse(b.takenAt ?? '') - Date.parse(a.takenAt ?? ''))
        .slice(0, count)
        .map(({ id }) => id),
    ]),
  );
}

function familyOf(copy: ListedCopy): string {
  return `${copy.systemIdentifier} ${copy.database}`;
}

/** NaN for a date that is none: it compares as neither older nor younger. */
function ageMs(at: string, now: Date): number {
  return now.getTime() - Date.parse(at);
}
