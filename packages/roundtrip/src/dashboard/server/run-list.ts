import { foldJournal } from '../../journal/fold.ts';
import { readJournal } from '../../journal/journal-file.ts';
import { runPaths } from '../../journal/run-directory.ts';
import type { RunReader } from './run-reader.ts';

/** A run in the list to choose from. */
export interface RunSummary {
  readonly runId: string;
  readonly kind: 'live' | 'rehearsal';
  readonly target: string;
  readonly startedAt: string;
  readonly verdict: string | null;
}

const RUNS_MAX = 50;

/**
 * The newest runs. A journal is read again only when it has changed; one whose first record is not yet whole is no run
 * yet, and one that was edited is listed by its name alone, since its story cannot be told.
 *
 * @example runList(reader)().map(({ runId }) => runId)
 */
export function runList(reader: RunReader): () => readonly RunSummary[] {
  const known = new Map<string, { readonly version: string; readonly summary: RunSummary | undefined }>();
  return () =>
    reader
      .runIds()
      .slice(0, RUNS_MAX)
      .flatMap((runId) => {
        const version = reader.version(runId);
        const before = known.get(runId);
        const summary = before?.version === version ? before.summary : summarise(reader, runId);
        known.set(runId, { version, summary });
        return summary ?? [];
      });
}

function summarise(reader: RunReader, runId: string): RunSummary | undefined {
  const fromName = {
    runId,
    kind: runId.includes('-rehearsal-') ? ('rehearsal' as const) : ('live' as const),
    target: '?',
    startedAt: '',
  };
  try {
    const records = readJournal(runPaths(reader.state, runId).journal);
    if (records.length === 0) return undefined;
    const { started, startedAt, verdict } = foldJournal(records);
    return { runId, kind: started.kind, target: started.target, startedAt, verdict: verdict ?? null };
  } catch {
    return { ...fromName, verdict: 'unreadable' }; // Choosing it shows the error itself.
  }
}
