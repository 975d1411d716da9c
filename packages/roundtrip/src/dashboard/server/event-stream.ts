import { PassThrough } from 'node:stream';
import { asRoundtripError } from '../../errors.ts';
import type { RunFeed } from './run-feed.ts';
import type { RunSummary } from './run-list.ts';

/** What the stream says, by event name. */
export type DashboardEvent =
  | {
      readonly event: 'runs';
      readonly data: { readonly runs: readonly RunSummary[]; readonly shown: string };
    }
  | { readonly event: 'view'; readonly data: unknown }
  | { readonly event: 'beat'; readonly data: { readonly nowMs: number } }
  | {
      readonly event: 'problem';
      readonly data: { readonly code: string; readonly seen: string; readonly next: string };
    };

/** How often the files are looked at; a change is on the screen within this and the network. */
const POLL_MS = 250;
/** Silence is how a browser notices that the server is gone: something is said at least this often. */
const BEAT_MS = 3_000;

/**
 * Server-sent events for one browser: the list of runs and the view whenever they change, a beat otherwise. A slow
 * reader misses intermediate views and never the newest, so that nothing piles up here.
 *
 * @example reply.type('text/event-stream').send(eventStream({ runs, shown, feedOf, redact, now }));
 */
export function eventStream(source: {
  readonly runs: () => readonly RunSummary[];
  readonly shown: (runs: readonly RunSummary[]) => string | undefined;
  readonly feedOf: (runId: string) => RunFeed;
  readonly redact: (value: unknown) => unknown;
  readonly now: () => Date;
}): PassThrough {
  const { runs, shown, feedOf, redact, now } = source;
  const stream = new PassThrough();
  const last = new Map<string, string>();
  let beatMs = 0;
  const send = (message: DashboardEvent, key = JSON.stringify(message.data)): void => {
    if (last.get(message.event) === key && message.event !== 'beat') return;
    last.set(message.event, key);
    beatMs = now().getTime();
    stream.write(`event: ${message.event}\ndata: ${JSON.stringify(redact(message.data))}\n\n`);
  };
  const tick = (): void => {
    if (stream.writableNeedDrain) return;
    const nowMs = now().getTime();
    try {
      const list = runs();
      const runId = shown(list);
      send({ event: 'runs', data: { runs: list, shown: runId ?? '' } });
      if (runId !== undefined) {
        const view = feedOf(runId).view();
        // The clock alone is no change: the browser counts on by itself between two beats.
        const { nowMs: _now, forecast, ...rest } = view;
        send({ event: 'view', data: view }, JSON.stringify([rest, forecast?.from]));
        last.delete('problem');
      }
    } catch (thrown) {
      const { code, seen, next } = asRoundtripError(thrown);
      send({ event: 'problem', data: { code, seen, next } });
      last.delete('view');
    }
    if (nowMs - beatMs >= BEAT_MS) send({ event: 'beat', data: { nowMs } });
  };
  const timer = setInterval(tick, POLL_MS);
  stream.on('close', () => clearInterval(timer));
  tick();
  return stream;
}
