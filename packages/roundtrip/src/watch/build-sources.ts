import type { MatrixRow } from './matrix.ts';
import { accessLog } from './probes/access-log.ts';
import { commandProbe } from './probes/command-probe.ts';
import { hostProbe } from './probes/host-probe.ts';
import { httpProbe } from './probes/http-probe.ts';
import { prometheusProbe } from './probes/prometheus-probe.ts';
import { type Query, sqlProbe } from './probes/sql-probe.ts';
import { limitsOf } from './settled-watch.ts';
import type { SourceReader } from './source-reader.ts';
import type { WatchPlan, WatchSource } from './watch-plan.ts';

/**
 * The readers of a plan's sources, in its order. Whoever builds them hands them to `runWatch`, which closes them.
 *
 * @example buildSources({ plan, matrix, query: async (text) => (await client.query(text)).rows })
 */
export function buildSources(options: {
  readonly plan: WatchPlan;
  readonly matrix: readonly MatrixRow[];
  /** For SQL sources: the target's database, read-only and with a statement timeout. */
  readonly query: Query;
}): readonly SourceReader[] {
  const { plan, matrix, query } = options;
  const limitsMs = limitsOf(plan, matrix);
  return plan.sources.map((source) => buildSource(source, { limitsMs, query }));
}

function buildSource(
  source: WatchSource,
  options: { readonly limitsMs: readonly number[]; readonly query: Query },
): SourceReader {
  switch (source.kind) {
    case 'http':
      return httpProbe(source, options);
    case 'access-log':
      return accessLog(source, options);
    case 'prometheus':
      return prometheusProbe(source, options);
    case 'sql':
      return sqlProbe(source, options);
    case 'command':
      return commandProbe(source);
    case 'host':
      return hostProbe(source);
  }
}
