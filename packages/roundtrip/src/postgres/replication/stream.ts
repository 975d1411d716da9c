import { Refused } from '../../errors.ts';

/** A table that is replicated, with the columns that flow: those that both sides have. */
export interface ReplicatedTable {
  /** "schema.table" in the one spelling of `formatTableName`. */
  readonly table: string;
  readonly columns: readonly string[];
}

/**
 * One stream of changes from one database (the publisher) to another (the subscriber). Plain data, so that it can be
 * journalled; every name follows from `name`, so that remains can be found after a crash.
 */
export interface ReplicationStream {
  readonly name: string;
  readonly publication: string;
  readonly slot: string;
  readonly subscription: string;
  readonly tables: readonly ReplicatedTable[];
  /** Where the subscriber's *server* reads the password: a file on its machine. Null: it needs none, or its own. */
  readonly serverPasswordFile: string | null;
  /**
   * Changes committed before this position are not sent: they came from the other side. Null: all that the slot holds.
   * The subscriber's replication origin keeps it, which outlives a crash; moving the slot on would not
   * (PostgreSQL manual, pg_replication_slot_advance), and stops short of what is not flushed yet.
   */
  readonly startLsn: string | null;
  /** We put that file there and remove it again. */
  readonly passwordFileInstalled: boolean;
}

/** The names that follow from a stream's name. */
export interface StreamNames {
  readonly publication: string;
  readonly slot: string;
  readonly subscription: string;
}

/**
 * @throws Refused `stream-name-invalid`: slot names allow no more than these characters, and 63 bytes in all.
 * @example streamNames('reverse_ab12').slot // 'roundtrip_reverse_ab12'
 */
export function streamNames(name: string): StreamNames {
  if (!/^[a-z0-9_]{1,40}$/.test(name)) {
    throw new Refused({
      code: 'stream-name-invalid',
      seen: `the stream name ${JSON.stringify(name)}`,
      expected: '1 to 40 of a-z, 0-9 and _',
      next: 'choose another name',
    });
  }
  const prefixed = `roundtrip_${name}`;
  return { publication: prefixed, slot: prefixed, subscription: prefixed };
}
