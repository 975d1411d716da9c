import { currentRelease } from '../services/git-release.ts';
import type { Check } from './check.ts';

/** Production runs the release that the plan calls the present one: it is what a rollback goes back to. */
export const presentRelease: Check = {
  name: 'present release',
  appliesTo: ['live'],
  async run({ plan }) {
    const { releases } = plan.target;
    if (plan.releases === null || releases === undefined) return [];
    const current = await currentRelease({ releasesDirectory: releases.directory });
    if (current?.commit === plan.releases.fromCommit) return [];
    const seen =
      current === undefined ? 'no current release' : `${current.tag} (${current.commit.slice(0, 12)})`;
    const expected = `${plan.releases.from} (${plan.releases.fromCommit.slice(0, 12)})`;
    return [
      {
        code: 'release-unexpected',
        severity: 'refusal',
        seen: `${releases.directory}/current is ${seen}`,
        expected,
        cure: 'correct `releases.from` in the runbook, or find out who deployed something else',
      },
    ];
  },
};
