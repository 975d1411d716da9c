import { countLatencies, latencyEdges } from '../latency.ts';
import type { SourceReader } from '../source-reader.ts';
import type { AccessLogSource } from '../watch-plan.ts';
import type { SourceReading } from '../watch-sample.ts';
import { type LoggedRequest, parseAccessLogLine } from './access-log-line.ts';
import { followFile } from './rotating-file.ts';

const ERROR_STATUS_MIN = 500;

/**
 * Counts customers' requests in an access log as it grows. Statuses from 500 are errors: what the shop refuses with 4xx
 * it refuses on purpose. When more than half of the lines are not in the format, it is not this log, which is missing
 * data and not an absence of errors.
 *
 * @example accessLog({ kind: 'access-log', name: 'nginx', file: '/var/log/nginx/access.log', format: 'nginx' }, { limitsMs: [] })
 */
export function accessLog(
  source: AccessLogSource,
  options: { readonly limitsMs: readonly number[] },
): SourceReader {
  const edges = latencyEdges(options.limitsMs);
  const file = followFile(source.file);
  return {
    name: source.name,
    async read(): Promise<SourceReading> {
      const lines = await file.newLines();
      const entries = lines.flatMap((line) => parseAccessLogLine(line, source.format) ?? []);
      const unread = lines.length - entries.length;
      if (unread * 2 > lines.length) {
        return {
          source: source.name,
          missing: `${unread} of ${lines.length} lines are not in the format that was named`,
        };
      }
      const requests: readonly LoggedRequest[] = entries.filter(({ isProbe }) => !isProbe);
      return {
        source: source.name,
        requests: requests.length,
        errors: requests.filter(({ status }) => status >= ERROR_STATUS_MIN).length,
        probes: entries.length - requests.length,
        latency: countLatencies(
          requests.flatMap(({ tookMs }) => tookMs ?? []),
          edges,
        ),
      };
    },
    close: () => file.close(),
  };
}
