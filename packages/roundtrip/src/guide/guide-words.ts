import type { MatrixCondition, MatrixRow } from '../watch/matrix.ts';
import type { StepFacts } from './step-facts.ts';

/** What a kind of step does, and what undoes it; `undone` is empty where nothing has to be. */
export interface StepWords {
  readonly does: (facts: StepFacts) => string;
  readonly undone: (facts: StepFacts) => string;
}

/** How the yes of a matrix row is carried out: a failed step always goes back, the watch as its plan says. */
export type Consequence = 'by-itself' | 'asks' | 'timer' | 'note' | 'nobody-watches';

/** One language of the guide: everything that is not data of the runbook. */
export interface GuideWords {
  readonly headings: Readonly<Record<'timeline' | 'checklist' | 'rollback' | 'matrix', string>>;
  /** "1h 36min" in the language's own units. */
  readonly duration: (ms: number) => string;
  /** By kind of step; a kind without words is shown by its title alone. */
  readonly steps: Readonly<Record<string, StepWords>>;
  readonly timeline: {
    readonly columns: Readonly<
      Record<'at' | 'step' | 'does' | 'planned' | 'rehearsed' | 'owner' | 'undone', string>
    >;
    readonly window: (facts: {
      readonly start: string;
      readonly end: string;
      readonly zone: string;
      readonly totalMs: number;
      readonly endsAt: string;
      readonly watched: boolean;
    }) => string;
    readonly rehearsal: (facts: RehearsalFacts) => string;
    /** A step with an undo of its own, which the part on the rollback tells. */
    readonly ownUndo: string;
    readonly byWayBack: string;
    readonly withCopy: string;
    readonly nothing: string;
    readonly irreversible: (titles: readonly string[]) => string;
  };
  readonly checklist: {
    readonly before: string;
    readonly after: string;
    readonly check: (target: string) => string;
    readonly rehearse: (facts: {
      readonly target: string;
      readonly maxAgeMs: number;
      readonly staging: string;
    }) => string;
    /** What the runbook itself asks for before a run, by the names that its findings have. */
    readonly listed: (names: readonly string[]) => string;
    readonly releases: (from: string, to: string) => string;
    readonly people: (owners: readonly string[], startsAt: string) => string;
    readonly approval: (facts: {
      readonly target: string;
      readonly step: string;
      readonly title: string;
    }) => string;
    readonly told: (target: string, channels: readonly string[]) => string;
    readonly deadline: (deadline: string | undefined) => string;
    readonly exitCode: string;
    readonly holds: (expectation: string) => string;
    readonly unchanged: (tables: readonly string[]) => string;
    readonly answers: (probes: readonly string[]) => string;
    readonly watchPassed: (target: string, lastsMs: number) => string;
    readonly report: string;
    readonly finish: (target: string) => string;
  };
  readonly rollback: {
    readonly deadline: (facts: {
      readonly windowEnd: string;
      readonly zone: string;
      readonly marginMs: number;
      readonly rollbackMs: number | undefined;
      readonly deadline: string | undefined;
    }) => string;
    readonly carried: (tables: readonly string[]) => string;
    readonly notCarried: string;
    readonly mapped: (tables: readonly string[]) => string;
    readonly returnGone: (carries: boolean) => string;
    readonly order: string;
    readonly afterwards: (title: string, does: string) => string;
    readonly irreversible: (titles: readonly string[]) => string;
  };
  readonly matrix: {
    readonly columns: Readonly<
      Record<'problem' | 'severity' | 'rollback' | 'what' | 'action' | 'owner', string>
    >;
    readonly none: string;
    readonly severity: Readonly<Record<MatrixRow['severity'], string>>;
    readonly rollback: Readonly<Record<MatrixRow['rollback'], string>>;
    readonly condition: (condition: MatrixCondition) => string;
    readonly consequence: (
      consequence: Consequence,
      facts: { readonly owner: string; readonly timerMs: number },
    ) => string;
    /** The story's own matrix in this language, by its English action; other texts stay as they are. */
    readonly actions: Readonly<Record<string, string>>;
  };
}

/** What a receipt says about the rehearsal as a whole. */
export interface RehearsalFacts {
  readonly on: string;
  /** "2026-11-23 02:11", UTC. */
  readonly at: string;
  readonly totalMs: number;
  readonly rollbackMs: number;
  /** Bytes of the dump that the rehearsal moved. */
  readonly dataBytes: number;
}
