import type { SourceReading } from './watch-sample.ts';

/** One source as the watch uses it: asked once a sample, never twice at a time. */
export interface SourceReader {
  readonly name: string;
  /**
   * What happened since the reading before. A source that cannot tell says so with a missing reading, or throws: both
   * are missing data. Only a `Refused` ends the watch: the source can never answer what it is asked.
   */
  read(ask: ReadAsk): Promise<SourceReading>;
  close?(): Promise<void>;
}

export interface ReadAsk {
  readonly signal: AbortSignal;
  /** How many probes to send, for a source that sends some. */
  readonly probes: number;
}
