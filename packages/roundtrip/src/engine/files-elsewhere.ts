import type { RunPlace } from '../control/run-files.ts';
import { Failed, type RoundtripError } from '../errors.ts';

/** What a step says that looks for a backup or a dump of its run and finds none. */
const MISSING = new Set(['backup-incomplete', 'way-back-closed']);

/**
 * A missing file of a run that another machine carried on before: that machine has it. Not a failure of the step, which would
 * send the run back, or close the way back: undefined for any other error.
 *
 * @example const away = filesElsewhere(error, { elsewhere: [{ host: 'ops-1', folder: '/srv/state/runs/…' }], runDirectory, changed: true });
 */
export function filesElsewhere(
  error: RoundtripError,
  {
    elsewhere = [],
    runDirectory,
    changed,
  }: {
    readonly elsewhere?: readonly RunPlace[] | undefined;
    readonly runDirectory: string;
    readonly changed: boolean;
  },
): Failed | undefined {
  if (elsewhere.length === 0 || !MISSING.has(error.code)) return undefined;
  const places = elsewhere.map(({ host, folder }) => `${host}:${folder}`).join(', ');
  return new Failed({
    code: 'run-files-elsewhere',
    seen: `${error.seen}; this run was carried on from ${places} before, which cannot be seen from here`,
    expected: 'the files that the run has kept, on this machine or on a file system under the same path',
    next: `resume on that machine, or copy its folder here (rsync -a ${places.split(', ')[0]}/ ${runDirectory}/) and resume; where it is gone for good, \`roundtrip backup fetch\` brings the backup from its copy`,
    fields: { elsewhere, changed },
    cause: error,
  });
}
