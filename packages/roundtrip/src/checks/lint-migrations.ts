import path from 'node:path';
import type { JsonObject } from '../json.ts';
import { readCatalogue } from '../lint/catalogue.ts';
import { lintSql } from '../lint/lint-sql.ts';
import type { LintFinding } from '../lint/statement.ts';
import { usedIn } from '../lint/used-in.ts';
import { type CheckCommon, type CheckSpec, checkSpec } from '../runbook/check-spec.ts';
import { currentRelease } from '../services/git-release.ts';
import { addedSources } from '../services/release-sources.ts';
import type { CheckContext, Finding } from './check.ts';
import { anyCheckKind } from './check-kind.ts';

/** Of one statement, beyond these they are counted. */
const NAMED_MAX = 3;

interface LintMigrationsArgs extends JsonObject {
  readonly folder: string;
  readonly usedBy: readonly string[];
  readonly lockTimeoutIsSet: boolean;
  readonly refuses: boolean;
}

/**
 * Lints the SQL files under `folder` that the release to be deployed has and the present one has not, against the target's
 * database. `usedBy` are folders of the release that runs, in which dropped and renamed names are looked for.
 *
 * What is dangerous to customers warns: behind a closed door or on a copy nobody waits. A runbook that migrates while they are
 * served sets `refuses`.
 *
 * @example lintMigrations({ folder: 'migrations', usedBy: ['src'], lockTimeoutIsSet: true })
 */
export function lintMigrations(
  options: CheckCommon & {
    readonly folder: string;
    readonly usedBy?: readonly string[] | undefined;
    readonly lockTimeoutIsSet?: boolean | undefined;
    readonly refuses?: boolean | undefined;
  },
): CheckSpec {
  const { folder, usedBy, lockTimeoutIsSet, refuses } = options;
  return checkSpec({
    kind: 'lint',
    defaultName: 'pending migrations',
    // A rehearsal's database, whose types and keys are asked, is made by its first step.
    common: { before: ['live'], ...options },
    args: {
      folder,
      usedBy: usedBy ?? [],
      lockTimeoutIsSet: lockTimeoutIsSet ?? false,
      refuses: refuses ?? false,
    },
  });
}

export const lintMigrationsKind = anyCheckKind<LintMigrationsArgs>({
  kind: 'lint',
  async run(context, { folder, usedBy, lockTimeoutIsSet, refuses }) {
    const { releases, target } = context.plan;
    const repository = target.releases?.repository;
    if (releases === null || repository === undefined) return [noReleases(target.name)];
    const { fromCommit: from, toCommit: to } = releases;
    const files = await addedSources({ repository, from, to, folder, ends: '.sql' });
    const { findings } = await lintSql(files, {
      catalogue: context.runKind === 'live' ? await readCatalogue(await context.session()) : undefined,
      lockTimeoutIsSet,
      usedIn: await usedByRunning(context, usedBy),
    });
    return together(findings, refuses);
  },
});

/** Asks the files of the release that runs; undefined where nothing was named, or nothing is deployed yet. */
async function usedByRunning(
  { plan }: CheckContext,
  folders: readonly string[],
): Promise<((name: string) => readonly string[]) | undefined> {
  const { releases } = plan.target;
  if (folders.length === 0 || releases === undefined) return undefined;
  const running = await currentRelease({ releasesDirectory: releases.directory });
  if (running === undefined) return undefined;
  const asked = folders.map((folder) => ({ folder, uses: usedIn(path.join(running.path, folder)) }));
  return (name) => asked.flatMap(({ folder, uses }) => uses(name).map((file) => path.join(folder, file)));
}

/** What one statement does wrong in several places is one finding. */
function together(findings: readonly LintFinding[], refuses: boolean): readonly Finding[] {
  const groups = new Map<string, LintFinding[]>();
  for (const finding of findings) {
    const key = `${finding.file}:${finding.line} ${finding.code} ${finding.severity}`;
    groups.set(key, [...(groups.get(key) ?? []), finding]);
  }
  return [...groups.values()].flatMap((group): Finding[] => {
    const [first] = group;
    if (first === undefined) return [];
    const { code, file, line, expected, cure } = first;
    const severity = refuses ? first.severity : 'warning';
    const more = group.length - NAMED_MAX;
    const named = group.slice(0, NAMED_MAX).map((finding) => finding.seen);
    const seen = `${file}:${line}: ${named.join('; ')}${more > 0 ? `; and ${more} more like these` : ''}`;
    return [{ code, severity, seen, expected, cure }];
  });
}

function noReleases(target: string): Finding {
  return {
    code: 'no-releases',
    severity: 'refusal',
    seen: `the releases of the runbook, or of target "${target}", are not known`,
    expected: 'tags and a repository, in which the pending migrations are found',
    cure: 'name both, or take lintMigrations out and run `roundtrip lint FILES` by hand',
  };
}
