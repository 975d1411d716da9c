import { formatMs } from '../runbook/duration.ts';
import type { StepWords } from './guide-words.ts';
import { oneUnit } from './one-unit.ts';
import type { StepFacts } from './step-facts.ts';

const NOTHING = (): string => '';

/**
 * What each kind of step does, in English. True to `steps/`, one entry a kind: a test holds the two against each other.
 *
 * @example stepWordsEn.flush?.does(stepFacts(plan, step))
 */
export const stepWordsEn: Readonly<Record<string, StepWords>> = {
  approve: {
    does: ({ question, untouched }) =>
      `a human answers “${question}”${untouched ? ': nothing has been touched yet, a no costs nothing' : ''}`,
    undone: NOTHING,
  },
  backup: {
    does: ({ copyTo, smokeTested }) =>
      `dumps from one snapshot, hashes, **restores beside production with every fingerprint equal**${
        smokeTested ? ', runs the smoke test on it' : ''
      }${copyTo === '' ? '' : `, copies it to \`${copyTo}\``}: that database is the return database`,
    undone: () => 'drops the restored database, unless it is production again by then; the dump is kept',
  },
  baseline: {
    does: ({ lastsMs }) => `measures for ${duration(lastsMs)} what the watch will compare with`,
    undone: NOTHING,
  },
  command: {
    does: (facts) => `${ran(facts)}${facts.effect === 'none' ? ', which only looks' : ''}`,
    undone: ({ undoCommand }) => (undoCommand === '' ? '' : `runs \`${undoCommand}\``),
  },
  'copy-beside': {
    does: ({ tables }) =>
      `makes a verified copy (dumped from one snapshot, restored, every fingerprint equal) of the database that goes on serving, and keeps ${tableCount(tables)} of it in step; production's schema may not be changed until the switch`,
    undone: () =>
      'removes the copy where it never served, and whatever kept it in step; a database that has served is kept under another name',
  },
  'deploy-release': {
    does: ({ tag, beside }) =>
      beside
        ? `exports ${tag} from its pinned commit; the link \`next\` points at it, \`current\` stays`
        : `exports ${tag} from its pinned commit where it is not there yet; then \`current\` points at it`,
    undone: ({ beside }) =>
      beside ? 'takes the link `next` away' : '`current` points at the previous release',
  },
  flush: {
    does: (facts) =>
      `counts first what deleting from ${list(facts.deletes)} would reach, and refuses if one row of ${list(facts.protectedTables)} were among it; then ${ran(facts)}`,
    undone: NOTHING,
  },
  maintenance: {
    does: ({ state }) =>
      state === 'on'
        ? 'closes the front door to customers; a write through it must be refused'
        : 'opens the front door; a real read and a real write must pass',
    undone: ({ state }) => (state === 'on' ? 'opens the front door' : 'closes the front door'),
  },
  notify: { does: ({ text }) => `tells “${text}”`, undone: NOTHING },
  'prove-tables': {
    does: ({ tables }) =>
      `compares ${tables.length === 0 ? 'every table' : list(tables)} row by row, as fingerprints, with the backup's snapshot; every foreign key of the protected tables must be valid`,
    undone: NOTHING,
  },
  'return-stream': {
    does: ({ tables }) =>
      `from the first write on, what customers write to ${tableCount(tables)} flows into the return database; armed before anyone is let in`,
    undone: ({ mapped }) =>
      `closes the database, drains what customers wrote into the return database, compares both sides, carries the sequences, ${
        mapped.length === 0 ? '' : 'maps rows that the old schema cannot hold, '
      }checks every foreign key by its rows`,
  },
  services: {
    does: ({ state, services }) =>
      state === 'stopped'
        ? `stops ${list([...services].reverse())} and waits until gone`
        : `starts ${list(services)} and waits until running`,
    undone: ({ state, services }) =>
      state === 'stopped' ? `starts ${list(services)}` : `stops ${list([...services].reverse())}`,
  },
  'smoke-test': {
    does: ({ probes }) => `asks through the front door: ${list(probes)}`,
    undone: NOTHING,
  },
  'staging-copy': { does: () => 'makes staging from a backup of production', undone: NOTHING },
  'switch-over': {
    does: ({ fenceMs, traffic, comparesBehindFence }) =>
      `compares both sides row by row at one point while customers write${
        comparesBehindFence ? ', and once more behind the fence' : ''
      }; then, for at most ${duration(fenceMs)}, lets nobody write, drains the last changes, carries the sequences, exchanges the names. ${
        traffic ? 'Clients are held meanwhile and see no error. ' : ''
      }From the first write on what customers write flows back into the old database`,
    undone: ({ mapped, comparesBehindFence }) =>
      comparesBehindFence
        ? 'the same switch the other way, compared behind the fence'
        : `the same switch the other way: ${mapped.length === 0 ? '' : 'rows that the old schema cannot hold are mapped, '}both sides compared while customers are served; fence, drain, sequences, names${
            mapped.length === 0 ? '' : '; rows of the last moment are mapped once customers are served again'
          }`,
  },
  validate: {
    does: ({ expectations, onCopy }) =>
      `${expectations.length} queries with what they must give, in one snapshot${onCopy ? ' of the copy' : ''}`,
    undone: NOTHING,
  },
  watch: {
    does: ({ lastsMs }) =>
      `judges ${duration(lastsMs)} by its goals and the matrix; time without data does not count`,
    undone: NOTHING,
  },
  'way-back': {
    does: () =>
      "proves that nothing was written since the backup's snapshot: the return database is production as it stands",
    undone: () =>
      'gives production’s name to the return database and compares every table of it before anyone is let in; the migrated one is kept under another name',
  },
};

function ran({ command, onCopy }: StepFacts): string {
  return `runs \`${command}\`${onCopy ? ' on the copy' : ''}`;
}

function list(names: readonly string[]): string {
  if (names.length < 2) return names.join('');
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

function tableCount(tables: readonly string[]): string {
  return tables.length === 1 ? '1 table' : `${tables.length} tables`;
}

function duration(ms: number): string {
  return oneUnit(formatMs(ms));
}
