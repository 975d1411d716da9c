import { globSync, statSync, truncateSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { Failed, type StepContext, type StepKind, type StepKinds, type Target } from 'roundtrip';

/** Something that goes wrong in the live run's step `do`. Real where a real cause is at hand. */
type Fault = (
  context: StepContext,
  original: () => Promise<Awaited<ReturnType<StepKind['do']>>>,
) => ReturnType<StepKind['do']>;

/**
 * The step kinds with a fault in one step of the live run. `import` meets an XML file that was cut in half after it had
 * been counted; `migrate` meets a session that holds a lock on `products`, in the database that it works on; any other step does
 * its work and then fails.
 *
 * @example withFault(stepKinds, { step: 'import', target })
 */
export function withFault(
  kinds: StepKinds,
  options: { readonly step: string; readonly target: Target },
): StepKinds {
  const fault = faultOf(options);
  return new Map([...kinds].map(([name, kind]) => [name, faulty(kind, options.step, fault)]));
}

function faulty(kind: StepKind, step: string, fault: Fault): StepKind {
  return {
    ...kind,
    do: (context, args) =>
      context.step.id === step && context.runKind === 'live'
        ? fault(context, () => kind.do(context, args))
        : kind.do(context, args),
  };
}

function faultOf({ step, target }: { readonly step: string; readonly target: Target }): Fault {
  if (step === 'import') {
    return async (_context, original) => {
      const offers = globSync(path.join(target.settings.exchange ?? '', '**/*.xml')).sort(
        (a, b) => statSync(b).size - statSync(a).size,
      )[0];
      if (offers !== undefined) truncateSync(offers, Math.floor(statSync(offers).size / 2));
      return original();
    };
  }
  if (step === 'migrate') return (context, original) => whileLocked(target, original, context);
  return async (_context, original) => {
    await original();
    throw new Failed({
      code: 'injected-fault',
      seen: `the demo let step "${step}" fail after its work was done`,
      expected: 'what --fail asked for',
      next: 'watch the run go back',
    });
  };
}

async function whileLocked<T>(target: Target, work: () => Promise<T>, context: StepContext): Promise<T> {
  const { passwordFile, ...connection } = target.database;
  process.env.PGPASSFILE = passwordFile;
  // Side by side it is the copy that is migrated, in place the database that serves.
  const { copyDatabase } = context.evidenceOfKind('copy-beside');
  const database = typeof copyDatabase === 'string' ? copyDatabase : connection.database;
  const blocker = new pg.Client({ ...connection, database, application_name: 'forgotten-report' });
  blocker.on('error', () => undefined); // The fence of the rollback ends this session.
  await blocker.connect();
  await blocker.query('BEGIN; LOCK TABLE products IN ACCESS SHARE MODE');
  context.log('a forgotten report holds a lock on products');
  try {
    return await work();
  } finally {
    await blocker.end();
  }
}
