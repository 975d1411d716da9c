import type { DashboardView } from '../../view/dashboard-view.ts';

/** A run in the list, as the server sends it. */
export interface ListedRun {
  readonly runId: string;
  readonly kind: 'live' | 'rehearsal';
  readonly target: string;
  readonly startedAt: string;
  readonly verdict: string | null;
}

/** What the stream has said so far. */
export interface Followed {
  readonly runs: readonly ListedRun[] | null;
  readonly view: DashboardView | null;
  readonly problem: { readonly code: string; readonly seen: string; readonly next: string } | null;
  /** Server's clock minus the browser's. */
  readonly skewMs: number;
  /** Browser's clock at the last word of the server. */
  readonly heardMs: number;
  readonly stale: boolean;
}

export const NOTHING_HEARD: Followed = {
  runs: null,
  view: null,
  problem: null,
  skewMs: 0,
  heardMs: 0,
  stale: false,
};

/** The server says something every three seconds; after three missed beats its last word is called stale. */
const STALE_MS = 10_000;
const RETRY_MS = 2_000;

/**
 * Follows a run (or the newest) until the returned function is called. A closed stream is opened again by itself: the
 * browser gives up after some kinds of errors, this does not.
 */
export function follow(run: string, tell: (change: (before: Followed) => Followed) => void): () => void {
  let source: EventSource | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let heardMs = Date.now();
  const hear = (change: Partial<Followed>): void => {
    heardMs = Date.now();
    tell((before) => ({ ...before, ...change, heardMs, stale: false }));
  };
  const open = (): void => {
    source = new EventSource(run === '' ? '/api/events' : `/api/events?run=${encodeURIComponent(run)}`);
    const on = <Data>(event: string, take: (data: Data) => Partial<Followed>): void =>
      source?.addEventListener(event, (message) =>
        hear(take(JSON.parse((message as MessageEvent<string>).data) as Data)),
      );
    on<{ runs: readonly ListedRun[] }>('runs', ({ runs }) => ({ runs }));
    on<DashboardView>('view', (view) => ({ view, problem: null, skewMs: view.nowMs - Date.now() }));
    on<{ nowMs: number }>('beat', ({ nowMs }) => ({ skewMs: nowMs - Date.now() }));
    on<NonNullable<Followed['problem']>>('problem', (problem) => ({ problem }));
    source.addEventListener('error', () => {
      tell((before) => ({ ...before, stale: true }));
      source?.close();
      clearTimeout(retry);
      retry = setTimeout(open, RETRY_MS);
    });
  };
  open();
  const look = setInterval(() => {
    if (Date.now() - heardMs > STALE_MS)
      tell((before) => (before.stale ? before : { ...before, stale: true }));
  }, 1_000);
  return () => {
    clearInterval(look);
    clearTimeout(retry);
    source?.close();
  };
}
