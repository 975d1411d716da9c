import { formatMs } from '../runbook/duration.ts';
import { describeCondition, isErrorRate, isLatency, type MatrixCondition } from '../watch/matrix.ts';
import type { GuideWords } from './guide-words.ts';
import { oneUnit } from './one-unit.ts';
import { stepWordsEn } from './step-words-en.ts';

const duration = (ms: number): string => oneUnit(formatMs(ms));
const code = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ');

/** The guide in English. */
export const wordsEn: GuideWords = {
  headings: {
    timeline: 'Timeline',
    checklist: 'Checklist',
    rollback: 'Rollback',
    matrix: 'Rollback decision matrix',
  },
  duration,
  steps: stepWordsEn,
  timeline: {
    columns: {
      at: 'at',
      step: 'step',
      does: 'what it does',
      planned: 'planned',
      rehearsed: 'rehearsed',
      owner: 'owner',
      undone: 'undone by',
    },
    window: ({ start, end, zone, totalMs, endsAt, watched }) =>
      `Window ${start}–${end} ${zone}. Planned ${duration(totalMs)}${watched ? ' without the watch' : ''}, one step after the other from the window's start: done at ${endsAt}.`,
    rehearsal: ({ on, at, totalMs, rollbackMs, dataBytes }) =>
      `Rehearsed on ${on} at ${at} UTC: ${duration(totalMs)} forward, ${duration(rollbackMs)} back, with a dump of ${megabytes(dataBytes)} MB.`,
    ownUndo: 'its undo',
    byWayBack: 'the way back',
    withCopy: 'with the copy',
    nothing: '**nothing**',
    irreversible: (titles) =>
      titles.length === 0
        ? 'No step is a point of no return.'
        : `**Cannot be undone**: ${titles.join('; ')}.`,
  },
  checklist: {
    before: '**Before**',
    after: '**After**',
    check: (target) =>
      `\`roundtrip check --target ${target}\` names nothing any more but the window (\`outside-window\`, until it begins): it lists everything that would make the run refuse, each with its cure.`,
    rehearse: ({ target, maxAgeMs, staging }) =>
      `\`roundtrip rehearse --target ${target}\` left a receipt at most ${duration(maxAgeMs)} old: the same steps on ${staging}, made from production's own backup, rollback included and timed. Any change of the runbook, of its targets or of a tag needs another.`,
    listed: (names) => `Looked at by it as well, because the runbook asks for it: ${names.join(', ')}.`,
    releases: (from, to) => `Production runs ${from}, and the tag ${to} is the release to deploy.`,
    people: (owners, startsAt) => `They are there at ${startsAt}: ${owners.join(', ')}.`,
    approval: ({ target, step, title }) =>
      `Somebody is there to answer “${title}”: the run waits with exit code 9 for \`roundtrip approve --target ${target} --step ${step}\`.`,
    told: (target, channels) =>
      channels.length === 0
        ? '**Nobody is told of anything**: the target has no `alerts`.'
        : `Each of these channels has been reached: ${channels.join(', ')}. \`roundtrip watch --target ${target} --for 10m\` tells them of its end.`,
    deadline: (deadline) =>
      deadline === undefined
        ? 'The rollback deadline is known: `roundtrip plan` prints it once the plan was rehearsed.'
        : `Everybody knows the rollback deadline: ${deadline}.`,
    exitCode: 'The run ended with exit code 0, and `roundtrip status` shows the way back open.',
    holds: (expectation) => `Held: ${expectation}.`,
    unchanged: (tables) => `Proven unchanged, row by row: ${code(tables)}.`,
    answers: (probes) => `Answered as they must: ${code(probes)}.`,
    watchPassed: (target, lastsMs) =>
      `The watch of ${duration(lastsMs)} passed: \`roundtrip watch --target ${target} --follow\`.`,
    report:
      '`roundtrip report --out report.html` is kept, and `roundtrip verify report.html` says *verified*.',
    finish: (target) =>
      `Only then: \`roundtrip finish --target ${target} --confirm ${target}\` closes the way back for good.`,
  },
  rollback: {
    deadline: ({ windowEnd, zone, marginMs, rollbackMs, deadline }) =>
      rollbackMs === undefined
        ? `**Deadline** for a rollback inside the window: ${windowEnd} ${zone}, less the rehearsed time of the rollback, less ${duration(marginMs)}. A rehearsal measures it; \`roundtrip plan\` prints it.`
        : `**Deadline** for a rollback inside the window: ${deadline} ${zone}, which is ${windowEnd} less ${duration(rollbackMs)} as rehearsed, less ${duration(marginMs)}.`,
    carried: (tables) => `**What comes along**: what customers wrote since to ${code(tables)}.`,
    notCarried:
      '**What comes along**: nothing. The plan keeps no return database in step; what customers wrote since is lost by a rollback.',
    mapped: (tables) =>
      `Rows that the old schema cannot hold get their place in ${code(tables)} by the runbook's reverse mapping.`,
    returnGone: (carries) =>
      carries
        ? '**If the return database is gone**, the backup is restored and the same tables are copied over whole: slower, and no row is lost.'
        : '**If the return database is gone**, the backup is restored: slower.',
    order: 'Steps that were begun are undone, the last one first:',
    afterwards: (title, does) => `then “${title}”: ${does}`,
    irreversible: (titles) => `**Not past these**, they cannot be undone: ${titles.join('; ')}.`,
  },
  matrix: {
    columns: {
      problem: 'problem',
      severity: 'severity',
      rollback: 'rollback',
      what: 'what happens',
      action: 'action',
      owner: 'owner',
    },
    none: 'The runbook has no matrix: a human decides.',
    severity: { critical: 'critical', high: 'high', low: 'low' },
    rollback: { yes: 'yes', maybe: 'maybe', no: 'no' },
    condition,
    consequence: (consequence, { owner, timerMs }) => {
      switch (consequence) {
        case 'by-itself':
          return 'the run goes back by itself';
        case 'asks':
          return `the watch ends, ${owner} confirms the rollback`;
        case 'timer':
          return `a timer of ${duration(timerMs)}, then ${owner} decides`;
        case 'note':
          return 'a note';
        case 'nobody-watches':
          return 'the plan has no watch: a human has to see it';
      }
    },
    actions: {},
  },
};

function condition(row: MatrixCondition): string {
  const words = describeCondition(row);
  if ('event' in row || !(isErrorRate(row) || isLatency(row))) return words;
  return `${words}, by its exact lower bound (${row.confidence * 100} %) over the last ${minutes(row.windowsMs)}`;
}

function minutes(windowsMs: readonly number[]): string {
  return windowsMs.map(duration).join(', ');
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
