import type { StepLock } from './held-lock.ts';
import type { Linted } from './lint-sql.ts';
import { makesWait } from './lock-mode.ts';
import type { LintedStatement } from './statement.ts';

/**
 * The lint for people: each statement with its locks, then what is dangerous. Lines without an end.
 *
 * @example renderLint(await lintSql(files), []).join('\n')
 */
export function renderLint({ statements, findings }: Linted, held: readonly StepLock[]): readonly string[] {
  const lines = statements.flatMap((statement) => renderStatement(statement, held));
  for (const { severity, code, file, line, seen, expected, cure } of findings)
    lines.push(
      '',
      `${severity === 'refusal' ? 'DANGER' : 'warn  '} ${file}:${line} ${code}`,
      `       seen:     ${seen}`,
      `       expected: ${expected}`,
      `       cure:     ${cure}`,
    );
  return lines;
}

function renderStatement(statement: LintedStatement, held: readonly StepLock[]): string[] {
  const { file, line, sql, locks, rewrites, scans, made } = statement;
  const short = sql.replaceAll(/\s+/g, ' ').slice(0, 100);
  const lines = [`${file}:${line}  ${short}`];
  for (const { relation, mode } of locks) {
    const waits = made.includes(relation) ? 'its own, nobody waits' : `waits: ${makesWait(mode)}`;
    const more = [
      ...(rewrites.includes(relation) ? ['rewritten'] : []),
      ...(scans.includes(relation) ? ['read from end to end'] : []),
      ...(made.includes(relation) ? [] : held)
        .filter((lock) => lock.relation === relation && lock.mode === mode)
        .map(({ step, heldMsMax }) => `held for at most ${heldMsMax} ms by "${step}" of the rehearsal`),
    ];
    lines.push(`    ${mode.replace(/Lock$/, '').padEnd(20)} ${relation} (${[waits, ...more].join('; ')})`);
  }
  return lines;
}
