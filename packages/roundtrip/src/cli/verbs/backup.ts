import type { Command } from 'commander';
import type { RegisterVerb } from '../verb.ts';
import { registerBackupCopies } from './backup-copies.ts';
import { registerBackupCreate } from './backup-create.ts';
import { registerBackupPgBackRest } from './backup-pgbackrest.ts';
import { registerBackupRestore } from './backup-restore.ts';

/** `roundtrip backup …`: backups without a runbook. */
export const registerBackup: RegisterVerb = (program, run) => {
  const backup = program
    .command('backup')
    .description('create, verify, copy, list and restore backups; needs no runbook');
  registerBackupCreate(backup, run);
  registerBackupCopies(backup, run);
  registerBackupRestore(backup, run);
  registerBackupPgBackRest(backup, run);
  backup.addHelpText('after', () => `\n${backup.commands.map(usage).join('\n')}`);
};

/** Every flag of every verb at once: whoever restores at 02:00 asks for help once. */
function usage(command: Command): string {
  const flags = command.options.map(({ flags: text, mandatory }) => (mandatory ? text : `[${text}]`));
  return `  roundtrip backup ${command.name()} ${flags.join(' ')}`;
}
