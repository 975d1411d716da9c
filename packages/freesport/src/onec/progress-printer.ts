import type { ImportProgress } from './import-progress.ts';

/** Lines are this far apart where the output is no terminal. */
const LINE_EVERY_MS = 5_000;

/**
 * Prints progress: one line that is written over on a terminal, timestamped lines elsewhere. Says records, megabytes,
 * rate and what is left by the rate so far.
 *
 * @example await importExchange({ source, mode, onProgress: progressPrinter(process.stderr) });
 */
export function progressPrinter(out: NodeJS.WriteStream): (progress: ImportProgress) => void {
  const startedAt = performance.now();
  let printedAt = Number.NEGATIVE_INFINITY;
  let open = false;
  return (progress) => {
    const now = performance.now();
    const text = progressText(progress, now - startedAt);
    if (out.isTTY) {
      out.write(`\r\u001b[K${text}`);
      open = true;
      if (progress.stage === 'merging' && progress.step === 'session' && open) out.write('\n');
    } else if (progress.stage === 'merging' || now - printedAt >= LINE_EVERY_MS) {
      printedAt = now;
      out.write(`${new Date().toISOString()} ${text}\n`);
    }
  };
}

/**
 * One line of progress.
 *
 * @example progressText({ stage: 'merging', step: 'variants' }, 12_000) // 'merging: variants'
 */
export function progressText(progress: ImportProgress, elapsedMs: number): string {
  if (progress.stage === 'merging') return `merging: ${progress.step}`;
  const { records, bytes, bytesTotal, phase } = progress;
  const rate = elapsedMs === 0 ? 0 : (bytes / elapsedMs) * 1000;
  const left = rate === 0 ? '' : `, ${Math.ceil((bytesTotal - bytes) / rate)} s left`;
  return (
    `reading ${phase}: ${records} records, ${megabytes(bytes)} of ${megabytes(bytesTotal)} MB, ` +
    `${megabytes(rate)} MB/s${left}`
  );
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(bytes < 10_000_000 ? 1 : 0);
}
