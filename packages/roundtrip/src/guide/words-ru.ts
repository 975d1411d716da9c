import { describeCondition, isErrorRate, isLatency, type MatrixCondition } from '../watch/matrix.ts';
import { durationRu } from './duration-ru.ts';
import type { GuideWords } from './guide-words.ts';
import { stepWordsRu } from './step-words-ru.ts';

const code = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ');

/** The guide in Russian. */
export const wordsRu: GuideWords = {
  headings: {
    timeline: 'Расписание',
    checklist: 'Контрольный список',
    rollback: 'Откат',
    matrix: 'Матрица решений об откате',
  },
  duration: durationRu,
  steps: stepWordsRu,
  timeline: {
    columns: {
      at: 'время',
      step: 'шаг',
      does: 'что происходит',
      planned: 'план',
      rehearsed: 'на репетиции',
      owner: 'кто',
      undone: 'чем отменяется',
    },
    window: ({ start, end, zone, totalMs, endsAt, watched }) =>
      `Окно ${start}–${end} ${zone}. По плану ${durationRu(totalMs)}${watched ? ' без наблюдения' : ''}, шаг за шагом от начала окна: конец в ${endsAt}.`,
    rehearsal: ({ on, at, totalMs, rollbackMs, dataBytes }) =>
      `Репетиция на ${on}, ${at} UTC: вперёд ${durationRu(totalMs)}, назад ${durationRu(rollbackMs)}, дамп ${megabytes(dataBytes)} МБ.`,
    ownUndo: 'своей отменой',
    byWayBack: 'путём назад',
    withCopy: 'вместе с копией',
    nothing: '**ничем**',
    irreversible: (titles) =>
      titles.length === 0 ? 'Необратимых шагов нет.' : `**Отменить нельзя**: ${titles.join('; ')}.`,
  },
  checklist: {
    before: '**До**',
    after: '**После**',
    check: (target) =>
      `\`roundtrip check --target ${target}\` не называет больше ничего, кроме окна (\`outside-window\`, пока оно не началось): он перечисляет всё, из-за чего прогон откажется, и чем это лечится.`,
    rehearse: ({ target, maxAgeMs, staging }) =>
      `\`roundtrip rehearse --target ${target}\` оставил квитанцию не старше ${durationRu(maxAgeMs)}: те же шаги на ${staging}, сделанном из резервной копии самого production, вместе с откатом, с замером времени. Любое изменение регламента, целей или тега требует новой.`,
    listed: (names) => `По требованию регламента он смотрит и на это: ${names.join(', ')}.`,
    releases: (from, to) => `На production работает ${from}, а тег ${to} — тот релиз, который выкладывают.`,
    people: (owners, startsAt) => `К ${startsAt} на месте: ${owners.join(', ')}.`,
    approval: ({ target, step, title }) =>
      `Есть кому ответить на «${title}»: прогон ждёт с кодом выхода 9, пока не дана команда \`roundtrip approve --target ${target} --step ${step}\`.`,
    told: (target, channels) =>
      channels.length === 0
        ? '**Никто ни о чём не узнает**: у цели нет `alerts`.'
        : `До каждого из этих каналов уже дошло: ${channels.join(', ')}. \`roundtrip watch --target ${target} --for 10m\` сообщает им о своём конце.`,
    deadline: (deadline) =>
      deadline === undefined
        ? 'Крайний срок отката известен: `roundtrip plan` печатает его после репетиции этого плана.'
        : `Все знают крайний срок отката: ${deadline}.`,
    exitCode: 'Прогон кончился кодом 0, и `roundtrip status` показывает, что путь назад открыт.',
    holds: (expectation) => `Выполнено: ${expectation}.`,
    unchanged: (tables) => `Доказано, что не изменилась ни одна строка: ${code(tables)}.`,
    answers: (probes) => `Отвечают как должны: ${code(probes)}.`,
    watchPassed: (target, lastsMs) =>
      `Наблюдение (${durationRu(lastsMs)}) прошло: \`roundtrip watch --target ${target} --follow\`.`,
    report:
      '`roundtrip report --out report.html` сохранён, и `roundtrip verify report.html` отвечает *verified*.',
    finish: (target) =>
      `Только после этого: \`roundtrip finish --target ${target} --confirm ${target}\` закрывает путь назад навсегда.`,
  },
  rollback: {
    deadline: ({ windowEnd, zone, marginMs, rollbackMs, deadline }) =>
      rollbackMs === undefined
        ? `**Крайний срок** отката внутри окна: ${windowEnd} ${zone} минус время отката на репетиции, минус ${durationRu(marginMs)}. Его измеряет репетиция и печатает \`roundtrip plan\`.`
        : `**Крайний срок** отката внутри окна: ${deadline} ${zone}, то есть ${windowEnd} минус ${durationRu(rollbackMs)} по репетиции, минус ${durationRu(marginMs)}.`,
    carried: (tables) => `**Что переносится**: написанное с тех пор покупателями в ${code(tables)}.`,
    notCarried:
      '**Что переносится**: ничего. План не держит базу возврата в ногу; написанное с тех пор покупателями при откате теряется.',
    mapped: (tables) =>
      `Строки, которым нет места в старой схеме, получают его в ${code(tables)} по обратному отображению из регламента.`,
    returnGone: (carries) =>
      carries
        ? '**Если базы возврата больше нет**, восстанавливается резервная копия и те же таблицы переносятся целиком: дольше, но ни одна строка не теряется.'
        : '**Если базы возврата больше нет**, восстанавливается резервная копия: дольше.',
    order: 'Начатые шаги отменяются, последний — первым:',
    afterwards: (title, does) => `затем «${title}»: ${does}`,
    irreversible: (titles) => `**Не дальше этих**, их отменить нельзя: ${titles.join('; ')}.`,
  },
  matrix: {
    columns: {
      problem: 'проблема',
      severity: 'важность',
      rollback: 'откат',
      what: 'что происходит',
      action: 'действие',
      owner: 'кто',
    },
    none: 'Матрицы в регламенте нет: решает человек.',
    severity: { critical: 'критично', high: 'высокая', low: 'низкая' },
    rollback: { yes: 'да', maybe: 'возможно', no: 'нет' },
    condition,
    consequence: (consequence, { owner, timerMs }) => {
      switch (consequence) {
        case 'by-itself':
          return 'прогон откатывается сам';
        case 'asks':
          return `наблюдение кончается, откат подтверждает ${owner}`;
        case 'timer':
          return `таймер ${durationRu(timerMs)}, затем решает ${owner}`;
        case 'note':
          return 'запись';
        case 'nobody-watches':
          return 'наблюдения в плане нет: увидеть должен человек';
      }
    },
    actions: {
      'Immediate rollback': 'Немедленный откат',
      'Rollback, then investigate': 'Откат, затем разбор',
      'Monitor for 1 h, then decide': 'Наблюдать 1 час, затем решить',
      'Monitor and hotfix': 'Наблюдать и исправлять',
      'Hotfix: add the colours': 'Исправить: добавить цвета',
    },
  },
};

function condition(row: MatrixCondition): string {
  if ('event' in row) return `шаг \`${row.step}\` не удался`;
  if (!(isErrorRate(row) || isLatency(row))) return describeCondition(row);
  const bound = `по точной нижней границе (${percent(row.confidence)} %) за последние ${row.windowsMs.map(durationRu).join(', ')}`;
  if (isLatency(row)) return `время ответа p${row.quantile * 100} > ${row.value} мс, ${bound}`;
  return row.upTo === undefined
    ? `доля ошибок > ${percent(row.value)} %, ${bound}`
    : `доля ошибок ${percent(row.value)}–${percent(row.upTo)} %, ${bound}`;
}

function percent(share: number): string {
  return String(Number((share * 100).toFixed(3))).replace('.', ',');
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1).replace('.', ',');
}
