import { Refused } from '../../errors.ts';
import type { ReplicationFinding } from './preflight.ts';

/**
 * Refuses with every finding that stands in the way, not with the first: each may need days. Warnings pass.
 *
 * @throws Refused `replication-refused` with all findings, warnings included.
 * @example refuseFindings(findings, 'nothing in the way of the reverse stream')
 */
export function refuseFindings(
  findings: readonly ReplicationFinding[],
  expected: string,
  passes: readonly string[] = [],
): void {
  const refusals = findings.filter(({ severity, code }) => severity === 'refusal' && !passes.includes(code));
  if (refusals.length === 0) return;
  throw new Refused({
    code: 'replication-refused',
    seen: refusals.map(({ seen }) => seen).join('; '),
    expected,
    next: refusals.map(({ cure }) => cure).join('; '),
    fields: { findings },
  });
}
