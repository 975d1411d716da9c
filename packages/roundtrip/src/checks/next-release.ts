import { existsSync } from 'node:fs';
import { editedFiles, releaseFolder } from '../services/git-release.ts';
import type { Check } from './check.ts';

/** The release that will be deployed, where it is exported already, is as it was exported: an edit in it would be refused in the night. */
export const nextRelease: Check = {
  name: 'next release',
  appliesTo: ['live', 'rehearsal'],
  async run({ plan }) {
    const { releases } = plan.target;
    if (plan.releases === null || releases === undefined) return [];
    const { to: tag, toCommit: commit } = plan.releases;
    const folder = releaseFolder({ releasesDirectory: releases.directory, tag, commit });
    const edited = existsSync(folder) ? await editedFiles(folder) : [];
    if (edited.length === 0) return [];
    return [
      {
        code: 'release-dirty',
        severity: 'refusal',
        seen: `the files in ${folder} are not as they were made: ${edited.slice(0, 10).join(', ')}`,
        expected: `release ${tag} as it was exported and prepared`,
        cure: 'find out who edited it, bring the edits into a tag, then remove the folder: it is exported anew',
      },
    ];
  },
};
