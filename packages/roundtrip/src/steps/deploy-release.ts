import { Failed, Refused } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { type StepCommon, type StepSpec, stepSpec } from '../runbook/step-spec.ts';
import type { Target } from '../runbook/target.ts';
import {
  activateRelease,
  currentRelease,
  editedFiles,
  deployRelease as exportRelease,
  type ReleaseLink,
  removeNextRelease,
  resolveRelease,
} from '../services/git-release.ts';
import { anyStepKind, type Finding, type StepContext } from './step-kind.ts';
import { endSurvivors, noteChildren } from './survivors.ts';

export interface DeployArgs extends JsonObject {
  readonly tag: string;
  readonly link: ReleaseLink;
}

/**
 * Puts a release of the target's repository in place by its tag: exported beside the present one, prepared, then the
 * `current` link is moved. Undone by moving the link back to what it pointed at.
 *
 * `beside` leaves `current` alone and points the link `next` at the release, so that it can migrate a copy and be
 * started beside the one that serves. Undone by taking `next` away.
 *
 * @example deployRelease({ tag: 'v13.4', planned: '5min' })
 * @example deployRelease({ id: 'release-beside', tag: 'v13.4', beside: true })
 */
export function deployRelease(
  options: StepCommon & { readonly tag: string; readonly beside?: boolean | undefined },
): StepSpec {
  const beside = options.beside === true;
  return stepSpec({
    kind: 'deploy-release',
    defaultId: 'deploy-release',
    defaultTitle: beside ? `Put release ${options.tag} beside` : `Deploy release ${options.tag}`,
    effect: 'reversible',
    common: options,
    args: { tag: options.tag, link: beside ? 'next' : 'current' },
  });
}

function requireReleases(context: StepContext): NonNullable<Target['releases']> {
  const { releases, name } = context.plan.target;
  if (releases !== undefined) return releases;
  throw new Refused({
    code: 'no-releases',
    seen: `target "${name}" has no "releases"`,
    expected: 'a repository and a directory of releases',
    next: 'add them to the target',
  });
}

/** The commit the plan pinned for this tag; a tag the plan does not know is resolved now. */
async function pinnedCommit(context: StepContext, tag: string): Promise<string> {
  const pinned = context.plan.releases;
  if (pinned?.to === tag) return pinned.toCommit;
  if (pinned?.from === tag) return pinned.fromCommit;
  return (await resolveRelease({ repository: requireReleases(context).repository, tag })).commit;
}

async function linkedCommit(context: StepContext, link: ReleaseLink): Promise<string | undefined> {
  return (await currentRelease({ releasesDirectory: requireReleases(context).directory, link }))?.commit;
}

/** Known days ahead and not at 02:00: a rollback goes back to the present release as it is, edits included. */
async function editedPresent(context: StepContext): Promise<readonly Finding[]> {
  const present = await currentRelease({ releasesDirectory: requireReleases(context).directory });
  const edited = present === undefined ? [] : await editedFiles(present.path);
  if (present === undefined || edited.length === 0) return [];
  return [
    {
      code: 'release-edited',
      severity: 'warning',
      seen: `${present.path} was edited since it was deployed: ${edited.slice(0, 10).join(', ')}`,
      expected: 'the present release as it was deployed: a rollback goes back to it as it is',
      cure: 'bring the edits into a tag and deploy that, or undo them; leave out by .gitignore what the application writes',
    },
  ];
}

export const deployReleaseKind = anyStepKind<DeployArgs>({
  kind: 'deploy-release',
  async check(context, args) {
    const { repository } = requireReleases(context);
    const expected = await pinnedCommit(context, args.tag);
    const { commit } = await resolveRelease({ repository, tag: args.tag });
    const edited = await editedPresent(context);
    if (commit === expected) return edited;
    return [
      ...edited,
      {
        code: 'tag-moved',
        severity: 'refusal',
        seen: `tag ${args.tag} is now ${commit.slice(0, 12)}`,
        expected: `${expected.slice(0, 12)}, as planned`,
        cure: 'find out who moved the tag; plan and rehearse again',
      },
    ];
  },
  async inspect(context, args) {
    await endSurvivors(context);
    return (await linkedCommit(context, args.link)) === (await pinnedCommit(context, args.tag))
      ? 'done'
      : 'not-done';
  },
  async do(context, args) {
    const { repository, directory, prepare } = requireReleases(context);
    const commit = await pinnedCommit(context, args.tag);
    const before = await currentRelease({ releasesDirectory: directory, link: args.link });
    // Noted before the link moves: a repeated `do` after a crash must not take the new release for the previous one.
    if (context.marks.previous === undefined)
      await context.mark('previous', {
        path: before?.path ?? null,
        tag: before?.tag ?? null,
        commit: before?.commit ?? null,
      });
    const { timeoutMs, signal } = context;
    const release = await exportRelease({
      repository,
      tag: args.tag,
      commit,
      releasesDirectory: directory,
      prepare,
      timeoutMs,
      signal,
      onSpawn: noteChildren(context),
    });
    await activateRelease({ releasesDirectory: directory, release: release.path, link: args.link });
    return { tag: args.tag, commit, path: release.path, previous: context.marks.previous ?? null };
  },
  async verify(context, args) {
    const commit = await linkedCommit(context, args.link);
    const expected = await pinnedCommit(context, args.tag);
    if (commit === expected) return { [args.link]: commit };
    throw new Failed({
      code: 'release-not-current',
      seen: `the link ${args.link} points at ${commit ?? 'no release'}`,
      expected: `${args.tag} (${expected})`,
      next: 'the run rolls back; look at the release directory',
    });
  },
  async undo(context, args) {
    if (args.link === 'next') {
      removeNextRelease({ releasesDirectory: requireReleases(context).directory });
      return { next: null };
    }
    // What `do` noted, not its evidence: the note is there even when `do` never reached its outcome.
    const { previous } = context.marksOfDo;
    if (typeof previous?.path !== 'string')
      return {
        current: (await linkedCommit(context, 'current')) ?? null,
        note: 'no release was current before',
      };
    const { edited } = await activateRelease({
      releasesDirectory: requireReleases(context).directory,
      release: previous.path,
      edited: 'tell',
    });
    // Gone back to all the same: it is what production ran, and a refusal would leave customers with neither.
    for (const file of edited) context.log(`ATTENTION: the previous release was edited: ${file}`);
    return {
      current: previous.commit ?? null,
      tag: previous.tag ?? null,
      ...(edited.length === 0
        ? {}
        : { attention: 'the previous release was edited since it was deployed', edited }),
    };
  },
});
