import { Refused } from '../../errors.ts';
import type { CommonOptions } from '../environment.ts';
import { EXIT } from '../exit-codes.ts';
import { openStore } from '../open-store.ts';
import type { RegisterVerb } from '../verb.ts';

/** `roundtrip unlock`: removes the lock of an operator who is gone. */
export const registerUnlock: RegisterVerb = (program, run) => {
  program
    .command('unlock')
    .description("remove the operator's lock after its holder is gone")
    .option('--holder <operator>', 'the holder as `status` names it; needed while the process seems alive')
    .action(
      run<CommonOptions & { holder?: string }>(async (environment, options) => {
        const store = await openStore(environment, options);
        const found = await store.holder();
        if (found === undefined) {
          environment.stderr.write('no lock is held\n');
          return EXIT.success;
        }
        const { holder: lock, isAlive } = found;
        if (isAlive && options.holder !== lock.operator) {
          throw new Refused({
            code: 'locked',
            seen: `${lock.operator} on ${lock.host} (pid ${lock.pid}) seems to be at work`,
            expected: 'a holder that is gone',
            next: `stop that process, or --holder ${lock.operator} if you are sure`,
            fields: { holder: lock },
          });
        }
        await store.breakLock();
        environment.stderr.write(
          `removed the lock of ${lock.operator} (pid ${lock.pid}, since ${lock.since})\n`,
        );
        return EXIT.success;
      }),
    );
};
