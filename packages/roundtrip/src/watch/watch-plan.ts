/** What a watch does, as plain data in the plan: how long, how often, what it reads and what must hold at the end. */
export interface WatchPlan {
  /** Watch time that must be covered by data; gaps do not count. The story's is 24 h. */
  readonly durationMs: number;
  /** Watch time between two samples. */
  readonly intervalMs: number;
  /** Watch time per real time: 12 makes a minute of watch take five seconds. Default 1; for demos and drills. */
  readonly speed?: number | undefined;
  readonly sources: readonly WatchSource[];
  readonly goals: readonly WatchGoal[];
  /** How far gaps may extend the watch before it ends inconclusive. Default: `durationMs`. */
  readonly extensionMsMax?: number | undefined;
  /**
   * What a YES of the matrix does. `roll-back`: the run goes back by itself. Default `ask`: the watch ends and a person
   * confirms it, since nobody should learn from the morning's log that a runbook rolls production back at night.
   */
  readonly onYes?: 'roll-back' | 'ask' | undefined;
}

/** What must be shown, with `confidence` (default 0.95), for the watch to pass. */
export type WatchGoal =
  | { readonly metric: 'errorRate'; readonly max: number; readonly confidence?: number | undefined }
  | {
      readonly metric: 'latencyMs';
      readonly quantile: number;
      readonly max: number;
      readonly confidence?: number | undefined;
    }
  /** Shares of the host, 0 to 1. Exceeding them alerts and never fails the watch by itself. */
  | { readonly metric: 'cpu' | 'memory'; readonly max: number };

/** Where a watch reads from. Names are distinct: samples and notes refer to them. */
export type WatchSource =
  | HttpSource
  | AccessLogSource
  | PrometheusSource
  | SqlSource
  | CommandSource
  | HostSource;

/** Requests of our own through the front door, labelled as probes by their User-Agent. */
export interface HttpSource {
  readonly kind: 'http';
  readonly name: string;
  readonly urls: readonly string[];
  /** Requests per sample. Default 1. */
  readonly count?: number | undefined;
  /**
   * Send as many more as bring all sources at the front door together to this number in the last ten minutes of watch
   * time. 300 suffice for the goal of a day; to tell 8 % errors from 5 % within half an hour takes 1,200.
   */
  readonly topUpTo?: number | undefined;
  /** Statuses that are not errors; default 200 to 399. */
  readonly statuses?: readonly number[] | undefined;
  /** Real time; a request without an answer by then is an error. Default 10 s. */
  readonly timeoutMs?: number | undefined;
}

/** A growing access log, rotated or not. Lines of our own probes are left out, so that none counts twice. */
export interface AccessLogSource {
  readonly kind: 'access-log';
  readonly name: string;
  readonly file: string;
  /** nginx "combined" with `$request_time` at the end, if at all; or one JSON object a line. */
  readonly format:
    | 'nginx'
    | {
        /** Names of the JSON members; `durationUnit` says what `duration` is counted in. */
        readonly status: string;
        readonly duration?: string | undefined;
        readonly durationUnit?: 's' | 'ms' | undefined;
        readonly userAgent?: string | undefined;
      };
}

/** Counters in a Prometheus server: read whole, subtracted here, so that counts stay whole numbers. */
export interface PrometheusSource {
  readonly kind: 'prometheus';
  readonly name: string;
  /** "http://127.0.0.1:9090" */
  readonly url: string;
  /** Selector of a counter of requests: `http_requests_total{job="shop"}`. */
  readonly requests: string;
  /** Which of these series are errors; an expression over one of their labels. */
  readonly errorsWhere: { readonly label: string; readonly matches: string };
  /** Selector of the `_bucket` counters of a histogram. */
  readonly buckets?: string | undefined;
  readonly bucketUnit?: 's' | 'ms' | undefined;
  /** Real time; series scraped longer ago are stale, which is missing data. Default 60 s. */
  readonly staleMs?: number | undefined;
  readonly timeoutMs?: number | undefined;
}

/** A query on the target's database. */
export interface SqlSource {
  readonly kind: 'sql';
  readonly name: string;
  readonly text: string;
  /** The metric it gives. */
  readonly metric: string;
  /** `rows`: the number of rows, their first columns are listed; `value`: the only column of the only row. */
  readonly reads: 'rows' | 'value';
}

/** A command, started without a shell. */
export interface CommandSource {
  readonly kind: 'command';
  readonly name: string;
  readonly argv: readonly string[];
  /**
   * `exit-code`: one request, an error unless it exits 0. `json`: the last line of stdout is a JSON object, every
   * number in it is a metric of that name.
   */
  readonly reads: 'exit-code' | 'json';
  /** Real time. Default 10 s. */
  readonly timeoutMs?: number | undefined;
}

/** Load of the machine the watch runs on: metrics `cpu` and `memory`, shares from 0 to 1. */
export interface HostSource {
  readonly kind: 'host';
  readonly name: string;
}
