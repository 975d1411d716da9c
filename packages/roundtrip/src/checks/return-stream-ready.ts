import { replicationPreflight } from '../postgres/replication/index.ts';
import type { Check } from './check.ts';

/** What only a server as a whole has or lacks: true of a rehearsal's cluster before its database is made. */
const OF_THE_SERVER = ['wal-level', 'no-free-slot', 'no-free-wal-sender', 'no-free-worker', 'no-free-origin'];

/** DDL is nobody's to refuse once the migration is over; a transaction of now is long over when the stream is made. */
const NOT_HERE = ['ddl-unguarded', 'old-transactions'];

/**
 * The stream that will carry customers' writes back: replica identities, privileges, free slots and workers, settings that
 * need a restart. Armed in the middle of the night, it is looked at days ahead. `copyBeside` looks for its own.
 */
export const returnStreamReady: Check = {
  name: 'return stream',
  appliesTo: ['live', 'rehearsal'],
  async run({ plan, runKind, session }) {
    const stream = plan.steps.find(({ kind }) => kind === 'return-stream');
    const beside = plan.steps.some(({ kind }) => kind === 'copy-beside');
    if (stream === undefined && !(beside && runKind === 'rehearsal')) return [];
    const client = await session();
    const tables = runKind === 'rehearsal' ? [] : (stream?.args.tables as readonly string[]);
    // The return database will be a restored copy of this one: both sides are alike.
    const found = await replicationPreflight({ publisher: client, subscriber: client, tables });
    return runKind === 'rehearsal'
      ? found.filter(({ code }) => OF_THE_SERVER.includes(code))
      : found.filter(({ code }) => !NOT_HERE.includes(code));
  },
};
