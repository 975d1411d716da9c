import { text } from 'node:stream/consumers';
import { type Command, Option } from 'commander';
import { withClient } from '../database/with-client.ts';
import { ShopError } from '../errors.ts';
import { hashPassword } from '../users/password.ts';
import { runCommand } from './run-command.ts';

const PASSWORD_LENGTH_MIN = 10;

/**
 * `create-user --email E [--role R] [--staff]`: makes a user or gives an existing one a new password and role. The
 * password is read from stdin, because argv and the environment are seen by others.
 *
 * @example
 * createUserCommand(program);
 */
export function createUserCommand(program: Command): void {
  program
    .command('create-user')
    .description('make a user, or set the password and role of one; the password is read from stdin')
    .requiredOption('--email <address>', 'e-mail address, the name to sign in with')
    .addOption(
      new Option('--role <role>', 'decides prices; admin also runs the admin')
        .choices([
          'retail',
          'wholesale_level1',
          'wholesale_level2',
          'wholesale_level3',
          'trainer',
          'federation_rep',
          'admin',
        ])
        .default('retail'),
    )
    .option('--staff', 'may look at the admin and edit colours')
    .option('--json', 'print one JSON object to stdout')
    .action(async (options: { email: string; role: string; staff?: boolean; json?: boolean }) => {
      await runCommand('create-user', options, async (say) => {
        const password = (await text(process.stdin)).replace(/\r?\n$/, '');
        if (password.length < PASSWORD_LENGTH_MIN) {
          throw new ShopError(
            'usage',
            `the password on stdin has fewer than ${PASSWORD_LENGTH_MIN} characters`,
          );
        }
        const hash = await hashPassword(password);
        const { rows } = await withClient((client) =>
          client.query<{ id: number }>(
            `INSERT INTO users (email, password, role, is_staff) VALUES ($1, $2, $3, $4)
             ON CONFLICT (email) DO UPDATE SET password = excluded.password, role = excluded.role,
               is_staff = excluded.is_staff, is_active = true, updated_at = now() RETURNING id`,
            [options.email, hash, options.role, options.staff === true || options.role === 'admin'],
          ),
        );
        say(`User ${options.email} has the role ${options.role}`);
        return { id: rows[0]?.id, email: options.email, role: options.role };
      });
    });
}
