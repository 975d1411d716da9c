import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Refused } from '../../errors.ts';
import type { CommonOptions } from '../environment.ts';
import { EXIT } from '../exit-codes.ts';
import type { RegisterVerb } from '../verb.ts';

const RUNBOOK = `import { backup, defineRunbook, migrate, proveTables, readTargets, wayBack } from 'roundtrip';

/** What this migration is for, and what it must not touch. */
export default defineRunbook({
  name: 'my-migration',
  title: 'My migration',
  targets: readTargets(process.env.ROUNDTRIP_TARGETS ?? 'targets.json'),
  window: { start: '02:00', end: '04:00', zone: 'UTC' },
  // Tables whose every row must be the same afterwards.
  protectedTables: [],
  steps: () => [
    backup({ planned: '10min' }),
    wayBack({ planned: '1min' }),
    migrate({ argv: ['./migrate.sh'], planned: '3min' }),
    proveTables({ tables: 'protected' }),
  ],
  afterRollback: () => [proveTables({ id: 'prove-restored', tables: 'all' })],
  matrix: [],
});
`;

const TARGETS = {
  production: {
    environment: 'production',
    staging: 'staging',
    database: { host: '127.0.0.1', port: 5432, user: 'postgres', database: 'app', passwordFile: 'pgpass' },
    settings: {},
  },
  staging: {
    environment: 'staging',
    database: {
      host: '127.0.0.1',
      port: 5433,
      user: 'postgres',
      database: 'app_staging',
      passwordFile: 'pgpass',
    },
    settings: {},
  },
};

/** `roundtrip init`: a runbook and its targets to start from. Overwrites nothing. */
export const registerInit: RegisterVerb = (program, run) => {
  program
    .command('init')
    .description('write a runbook and a targets file to start from; overwrites nothing')
    .option('--folder <folder>', 'where to', '.')
    .action(
      run<CommonOptions & { folder: string }>(async (environment, options) => {
        const files = { 'runbook.ts': RUNBOOK, 'targets.json': `${JSON.stringify(TARGETS, null, 2)}\n` };
        for (const name of Object.keys(files)) {
          if (!existsSync(path.join(options.folder, name))) continue;
          throw new Refused({
            code: 'file-exists',
            seen: `${path.join(options.folder, name)} exists`,
            expected: 'a folder without it',
            next: 'choose another --folder; nothing was written',
          });
        }
        for (const [name, text] of Object.entries(files))
          writeFileSync(path.join(options.folder, name), text);
        environment.stderr.write(
          `wrote ${Object.keys(files).join(' and ')}; next: roundtrip check --target production\n`,
        );
        return EXIT.success;
      }),
    );
};
