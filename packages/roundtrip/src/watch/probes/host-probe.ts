import { readFile } from 'node:fs/promises';
import type { SourceReader } from '../source-reader.ts';
import type { HostSource } from '../watch-plan.ts';
import type { SourceReading } from '../watch-sample.ts';

/** Processor time since boot, in ticks. */
interface CpuTimes {
  readonly busy: number;
  readonly total: number;
}

/**
 * Load of this machine from /proc: `cpu` is the busy share of all processors since the reading before, `memory` the
 * share that is not available (MemAvailable, which counts what caches can give back; MemFree does not).
 *
 * @example hostProbe({ kind: 'host', name: 'host' })
 */
export function hostProbe(
  source: HostSource,
  options: { readonly procFolder?: string | undefined } = {},
): SourceReader {
  const folder = options.procFolder ?? '/proc';
  let before: CpuTimes | undefined;
  return {
    name: source.name,
    async read(): Promise<SourceReading> {
      const now = cpuTimes(await readFile(`${folder}/stat`, 'utf8'));
      const memory = memoryShare(await readFile(`${folder}/meminfo`, 'utf8'));
      const elapsed = now.total - (before?.total ?? now.total);
      const cpu =
        before === undefined || elapsed <= 0 ? {} : { cpu: clamp((now.busy - before.busy) / elapsed) };
      // Two readings within one tick have nothing between them: the older one is kept to measure from.
      if (before === undefined || elapsed > 0) before = now;
      return { source: source.name, values: { memory, ...cpu } };
    },
  };
}

/** `cpu  user nice system idle iowait irq softirq steal guest guest_nice`: waiting for a disk is idle. */
function cpuTimes(stat: string): CpuTimes {
  const line = stat.split('\n').find((each) => each.startsWith('cpu ')) ?? '';
  // Guest time is already in user time.
  const ticks = line.trim().split(/\s+/).slice(1, 9).map(Number);
  const total = ticks.reduce((sum, tick) => sum + tick, 0);
  return { total, busy: total - (ticks[3] ?? 0) - (ticks[4] ?? 0) };
}

function memoryShare(meminfo: string): number {
  const kilobytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(meminfo)?.[1] ?? Number.NaN);
  return clamp(1 - kilobytes('MemAvailable') / kilobytes('MemTotal'));
}

function clamp(share: number): number {
  return Number.isNaN(share) ? share : Math.min(1, Math.max(0, share));
}
