import { Bug } from '../errors.ts';
import type { CheckSpec } from '../runbook/check-spec.ts';
import type { Check } from './check.ts';
import type { CheckKind } from './check-kind.ts';
import { lintMigrationsKind } from './lint-migrations.ts';
import { requireAnswerKind } from './require-answer.ts';
import { requireBuildKind } from './require-build.ts';
import { requireCommandKind } from './require-command.ts';
import { requireFilesKind } from './require-files.ts';

const KINDS: readonly CheckKind[] = [
  lintMigrationsKind,
  requireAnswerKind,
  requireBuildKind,
  requireCommandKind,
  requireFilesKind,
];

/** The check that a runbook listed, ready to be run. */
export function listedCheck(spec: CheckSpec): Check {
  const kind = KINDS.find((candidate) => candidate.kind === spec.kind);
  if (kind === undefined)
    throw new Bug({
      code: 'check-unknown',
      seen: `a check of the kind "${spec.kind}"`,
      expected: 'one that a builder of this version made',
      next: 'make the plan with this version',
    });
  return { name: spec.name, appliesTo: spec.before, run: (context) => kind.run(context, spec.args) };
}
