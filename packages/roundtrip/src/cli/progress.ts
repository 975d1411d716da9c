import logUpdate from 'log-update';
import { createColors } from 'picocolors';
import { type RunState, stepState } from '../journal/fold.ts';
import type { JournalRecord } from '../journal/record.ts';
import { formatMs } from '../runbook/duration.ts';
import type { Plan } from '../runbook/plan.ts';
import type { StepSpec } from '../runbook/step-spec.ts';
import type { CliEnvironment } from './environment.ts';

/** Shows a run while it goes on. */
export interface Progress {
  onRecord(record: JournalRecord, state: RunState): void;
  onLog(line: string, step: string): void;
  stop(): void;
}

const COLUMNS_MIN = 40;
const FRAME_MS = 120;
const HEARTBEAT_MS = 15_000;

/**
 * A live table of steps on a terminal, timestamped lines with a heartbeat elsewhere (a pipe, CI, a narrow window).
 * With `--json` every journal record is a line of NDJSON on stdout instead.
 */
export function createProgress(
  environment: CliEnvironment,
  options: { readonly json: boolean; readonly plan: () => Plan | undefined },
): Progress {
  if (options.json) return jsonProgress(environment);
  const { stderr, variables } = environment;
  const live = stderr.isTTY === true && (stderr.columns ?? 0) >= COLUMNS_MIN && variables.CI === undefined;
  return live ? liveProgress(environment, options.plan) : lineProgress(environment);
}

function jsonProgress({ stdout }: CliEnvironment): Progress {
  return {
    onRecord: (record) => void stdout.write(`${JSON.stringify({ version: 1, type: 'record', record })}\n`),
    onLog: () => undefined,
    stop: () => undefined,
  };
}

function lineProgress({ stderr, now }: CliEnvironment): Progress {
  let current = '';
  const say = (text: string): void => void stderr.write(`${now().toISOString().slice(11, 19)} ${text}\n`);
  const heartbeat = setInterval(() => {
    if (current !== '') say(`… ${current} still running`);
  }, HEARTBEAT_MS);
  heartbeat.unref();
  return {
    onRecord(record) {
      const text = describeRecord(record);
      if (record.body.type === 'intent') current = `${record.body.act} ${record.body.step}`;
      if (record.body.type === 'outcome') current = '';
      if (text !== undefined) say(text);
    },
    onLog: (line, step) => say(`  [${step}] ${line}`),
    stop: () => clearInterval(heartbeat),
  };
}

/** One line for a person, or undefined for records that need none. */
function describeRecord({ body }: JournalRecord): string | undefined {
  switch (body.type) {
    case 'run-started':
      return `${body.kind === 'live' ? 'LIVE RUN' : 'rehearsal'} ${body.runId} of "${body.runbook}" on ${body.target}`;
    case 'intent':
      return body.act === 'do' || body.act === 'undo'
        ? `${body.act === 'do' ? '▶' : '◀'} ${body.act} ${body.step}`
        : undefined;
    case 'outcome':
      if (!body.ok) return `✖ ${body.act} ${body.step}: ${body.error?.seen ?? 'interrupted'}`;
      return body.act === 'do' || body.act === 'undo'
        ? `✔ ${body.act} ${body.step} (${formatMs(body.durationMs)})`
        : undefined;
    case 'rollback-started':
      return `◀◀ rolling back: ${body.reason}`;
    case 'run-finished':
      return `■ ${body.verdict}`;
    case 'alert':
      return body.delivered ? `✉ ${body.event} → ${body.channel}` : undefined;
    case 'override':
      return `! override of ${body.what}: ${body.reason}`;
    default:
      return undefined;
  }
}

function liveProgress(environment: CliEnvironment, plan: () => Plan | undefined): Progress {
  const colors = createColors(environment.variables.NO_COLOR === undefined);
  let latest: RunState | undefined;
  let lastLine = '';
  let frame = 0;
  const draw = (): void => {
    const known = plan();
    if (latest === undefined || known === undefined) return;
    frame += 1;
    logUpdate(
      renderTable({
        plan: known,
        state: latest,
        lastLine,
        frame,
        nowMs: environment.now().getTime(),
        colors,
        columns: environment.stderr.columns ?? 80,
      }),
    );
  };
  const timer = setInterval(draw, FRAME_MS);
  timer.unref();
  return {
    onRecord(_record, state) {
      latest = state;
      draw();
    },
    onLog(line) {
      lastLine = line;
    },
    stop() {
      clearInterval(timer);
      lastLine = '';
      draw();
      logUpdate.done();
    },
  };
}

const SPINNER = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';

interface Frame {
  readonly plan: Plan;
  readonly state: RunState;
  readonly lastLine: string;
  readonly frame: number;
  readonly nowMs: number;
  readonly colors: ReturnType<typeof createColors>;
  readonly columns: number;
}

function renderTable(view: Frame): string {
  const { plan, state, colors } = view;
  const kind =
    state.started.kind === 'live'
      ? colors.bgRed(colors.white(' LIVE '))
      : colors.bgBlue(colors.white(' REHEARSAL '));
  const head = `${kind} ${plan.title} on ${plan.target.name}${state.rollback ? colors.yellow(`  ◀◀ ${state.rollback.reason}`) : ''}`;
  const rows = plan.steps.map((step) => renderRow(view, step));
  return [head, ...rows, colors.dim(view.lastLine)]
    .map((line) => line.slice(0, view.columns + 40))
    .join('\n');
}

function renderRow(view: Frame, step: StepSpec): string {
  const { colors, state, nowMs } = view;
  const { do: done, undo } = stepState(state, step.id);
  const running = done.phase === 'begun' || undo.phase === 'begun';
  const spin = SPINNER[view.frame % SPINNER.length] ?? ' ';
  const mark = running
    ? colors.cyan(spin)
    : undo.phase === 'effected'
      ? colors.yellow('◀')
      : done.phase === 'verified'
        ? colors.green('✔')
        : done.phase === 'failed'
          ? colors.red('✖')
          : colors.dim('·');
  // Of a step that was undone it is the undoing that a rollback is made of.
  const act = undo.phase === 'pending' ? done : undo;
  const tookMs = running && act.startedAt !== undefined ? nowMs - Date.parse(act.startedAt) : act.durationMs;
  const took = done.phase === 'pending' ? '' : formatMs(tookMs);
  return `${mark} ${step.title.padEnd(46).slice(0, 46)} ${colors.dim(step.owner.padEnd(8))} ${formatMs(step.plannedMs).padStart(8)} ${took.padStart(10)}`;
}
