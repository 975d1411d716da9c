import { userInfo } from 'node:os';
import path from 'node:path';
import { fetchBackup, readCopy } from '../../backup-store/fetch-backup.ts';
import { listCopies } from '../../backup-store/list-copies.ts';
import { pinCopy, unpinCopy } from '../../backup-store/pins.ts';
import { pruneCopies } from '../../backup-store/prune-copies.ts';
import { decideRetention, type ListedCopy } from '../../backup-store/retention.ts';
import type { CliEnvironment, CommonOptions } from '../environment.ts';
import { EXIT } from '../exit-codes.ts';
import { type RegisterVerb, requireConfirmation } from '../verb.ts';
import {
  conclude,
  openerOf,
  type StoreFlags,
  storeOf,
  wholeNumber,
  withStoreFlags,
} from './backup-options.ts';

interface StoreVerb extends CommonOptions, StoreFlags {
  readonly from: string;
}

interface CopyVerb extends StoreVerb {
  readonly id: string;
}

/** `backup list`, `fetch`, `pin`, `unpin` and `prune`: what there is in a store, and what may go. */
export const registerBackupCopies: RegisterVerb = (program, run) => {
  const verb = (name: string, description: string) =>
    withStoreFlags(
      program
        .command(name)
        .description(description)
        .requiredOption('--from <store>', 's3://bucket/prefix, or the path of a folder'),
    );
  verb('list', 'every copy in a store, the newest first, and uploads that were cut').action(
    run<StoreVerb>(listVerb),
  );
  verb('fetch', 'bring a copy back as a folder, every part and file compared (T1)')
    .requiredOption('--id <copy>')
    .requiredOption('--directory <folder>', 'a folder that does not exist yet')
    .option('--identity <file>', 'secret key of age, for a copy that is encrypted')
    .action(run<CopyVerb & { readonly directory: string; readonly identity?: string }>(fetchVerb));
  verb('pin', 'keep a copy, whatever the retention says')
    .requiredOption('--id <copy>')
    .requiredOption('--reason <text>')
    .option('--holder <name>', 'a run or a person; default who is logged in')
    .action(run<CopyVerb & { readonly reason: string; readonly holder?: string }>(pinVerb));
  verb('unpin', "take a holder's pin away")
    .requiredOption('--id <copy>')
    .option('--holder <name>', 'default who is logged in')
    .action(run<CopyVerb & { readonly holder?: string }>(unpinVerb));
  verb('prune', 'say what the retention would delete; delete it once confirmed')
    .option('--keep <n>', 'the newest verified copies of each database', '7')
    .option('--keep-days <n>', 'whatever is younger', '30')
    .option('--unfinished-days <n>', 'what cut uploads left', '7')
    .option('--dry-run', 'the default')
    .option('--confirm <store>', 'delete; the name of the store, as --from')
    .action(run<PruneVerb>(pruneVerb));
};

interface PruneVerb extends StoreVerb {
  readonly keep: string;
  readonly keepDays: string;
  readonly unfinishedDays: string;
  readonly dryRun?: boolean | undefined;
  readonly confirm?: string | undefined;
}

async function listVerb(environment: CliEnvironment, options: StoreVerb): Promise<number> {
  const copies = await listCopies(await storeOf(environment, options.from, options), environment.signal);
  const lines = copies.length === 0 ? [`${options.from}: no copies`] : copies.map(lineOf);
  return conclude(environment, options, {
    exitCode: EXIT.success,
    data: { verdict: 'listed', copies },
    lines,
  });
}

function lineOf(copy: ListedCopy): string {
  const { id, state, trust, bytes, encrypted, pins } = copy;
  const words = [id, state === 'whole' ? (trust ?? '') : state.toUpperCase(), `${bytes} bytes`];
  if (encrypted === true) words.push(`encrypted to ${copy.recipients?.join(', ')}`);
  words.push(...pins.map(({ holder, reason }) => `pinned by ${holder} (${reason})`));
  return words.join('  ');
}

async function fetchVerb(
  environment: CliEnvironment,
  options: CopyVerb & { readonly directory: string; readonly identity?: string },
): Promise<number> {
  const store = await storeOf(environment, options.from, options);
  const directory = path.resolve(options.directory);
  const { id } = options;
  const manifest = await fetchBackup({
    store,
    id,
    directory,
    opener: openerOf(options),
    signal: environment.signal,
  });
  return conclude(environment, options, {
    exitCode: EXIT.success,
    data: { verdict: 'fetched', id, directory, trust: 'T1', files: manifest.files.length },
    lines: [`${directory}: T1, ${manifest.files.length} files of ${id}`],
  });
}

async function pinVerb(
  environment: CliEnvironment,
  options: CopyVerb & { readonly reason: string; readonly holder?: string },
): Promise<number> {
  const store = await storeOf(environment, options.from, options);
  const { id, reason } = options;
  await readCopy(store, id, environment.signal);
  const holder = options.holder ?? userInfo().username;
  await pinCopy(store, id, { holder, reason, at: environment.now().toISOString() }, environment.signal);
  const data = { verdict: 'pinned', id, holder, reason };
  return conclude(environment, options, {
    exitCode: EXIT.success,
    data,
    lines: [`${id}: pinned by ${holder}`],
  });
}

async function unpinVerb(
  environment: CliEnvironment,
  options: CopyVerb & { readonly holder?: string },
): Promise<number> {
  const store = await storeOf(environment, options.from, options);
  const { id } = options;
  const holder = options.holder ?? userInfo().username;
  await unpinCopy(store, id, holder, environment.signal);
  const data = { verdict: 'unpinned', id, holder };
  const lines = [`${id}: not pinned by ${holder} any more`];
  return conclude(environment, options, { exitCode: EXIT.success, data, lines });
}

async function pruneVerb(environment: CliEnvironment, options: PruneVerb): Promise<number> {
  const store = await storeOf(environment, options.from, options);
  const { signal } = environment;
  const policy = {
    keep: wholeNumber('--keep', options.keep),
    keepDays: wholeNumber('--keep-days', options.keepDays, 0),
    unfinishedDays: wholeNumber('--unfinished-days', options.unfinishedDays, 0),
  };
  const decisions = decideRetention(await listCopies(store, signal), policy, environment.now());
  const doomed = decisions.filter(({ verdict }) => verdict === 'delete').map(({ id }) => id);
  const lines = decisions.map(
    ({ id, verdict, reasons }) => `${verdict.padEnd(6)}  ${id}  ${reasons.join('; ')}`,
  );
  if (options.confirm === undefined || options.dryRun === true || doomed.length === 0) {
    const again = `nothing was deleted; --confirm ${options.from} deletes ${doomed.length}`;
    const data = { verdict: 'dry-run', decisions, deleted: [] };
    return conclude(environment, options, {
      exitCode: EXIT.success,
      data,
      lines: doomed.length === 0 ? [...lines, 'nothing to delete'] : [...lines, again],
    });
  }
  await requireConfirmation(environment, {
    confirm: options.confirm,
    target: options.from,
    warning: `${doomed.length} copies will be deleted.`,
  });
  const { deleted, keptByLatePin } = await pruneCopies(store, doomed, signal);
  return conclude(environment, options, {
    exitCode: EXIT.success,
    data: { verdict: 'pruned', decisions, deleted, keptByLatePin },
    lines: [
      ...lines,
      `deleted ${deleted.length}`,
      ...keptByLatePin.map((id) => `${id} was pinned meanwhile: kept`),
    ],
  });
}
