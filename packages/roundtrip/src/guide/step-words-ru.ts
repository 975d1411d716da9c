import { durationRu } from './duration-ru.ts';
import type { StepWords } from './guide-words.ts';
import type { StepFacts } from './step-facts.ts';

const NOTHING = (): string => '';

/** What each kind of step does, in Russian; the same facts as in `stepWordsEn`. */
export const stepWordsRu: Readonly<Record<string, StepWords>> = {
  approve: {
    does: ({ question, untouched }) =>
      `человек отвечает на вопрос «${question}»${untouched ? ': ещё ничего не тронуто, отказ ничего не стоит' : ''}`,
    undone: NOTHING,
  },
  backup: {
    does: ({ copyTo, smokeTested }) =>
      `дамп с одного снимка, хеши, **восстановление рядом с production, все отпечатки равны**${
        smokeTested ? ', smoke-тест на восстановленной' : ''
      }${copyTo === '' ? '' : `, копия в \`${copyTo}\``}: это и есть база возврата`,
    undone: () =>
      'удаляется восстановленная база, если она к этому времени не стала снова production; дамп остаётся',
  },
  baseline: {
    does: ({ lastsMs }) => `${durationRu(lastsMs)} измеряется то, с чем сравнит наблюдение`,
    undone: NOTHING,
  },
  command: {
    does: (facts) => `${ran(facts)}${facts.effect === 'none' ? ' (только смотрит)' : ''}`,
    undone: ({ undoCommand }) => (undoCommand === '' ? '' : `команда \`${undoCommand}\``),
  },
  'copy-beside': {
    does: ({ tables }) =>
      `проверенная копия (дамп с одного снимка, восстановление, все отпечатки равны) базы, которая продолжает работать; таблиц, которые в копии идут в ногу: ${tables.length}; схему production нельзя менять до переключения`,
    undone: () =>
      'удаляется копия, если она не успела поработать, и всё, что держало её в ногу; поработавшая база остаётся под другим именем',
  },
  'deploy-release': {
    does: ({ tag, beside }) =>
      beside
        ? `${tag} выкладывается из закреплённого коммита; на него указывает ссылка \`next\`, \`current\` не меняется`
        : `${tag} выкладывается из закреплённого коммита, если его ещё нет; затем на него указывает \`current\``,
    undone: ({ beside }) => (beside ? 'убирается ссылка `next`' : '`current` указывает на прежний релиз'),
  },
  flush: {
    does: (facts) =>
      `сначала считается, что заденет удаление из ${list(facts.deletes)}; отказ, если среди этого есть хоть одна строка ${list(facts.protectedTables)}; затем ${ran(facts)}`,
    undone: NOTHING,
  },
  maintenance: {
    does: ({ state }) =>
      state === 'on'
        ? 'главный вход закрывается для покупателей; запись через него должна быть отвергнута'
        : 'главный вход открывается; настоящие чтение и запись должны пройти',
    undone: ({ state }) => (state === 'on' ? 'главный вход открывается' : 'главный вход закрывается'),
  },
  notify: { does: ({ text }) => `сообщение «${text}»`, undone: NOTHING },
  'prove-tables': {
    does: ({ tables }) =>
      `${tables.length === 0 ? 'все таблицы' : list(tables)}: построчно, отпечатками, сравниваются со снимком резервной копии; каждый внешний ключ защищённых таблиц должен быть действителен`,
    undone: NOTHING,
  },
  'return-stream': {
    does: ({ tables }) =>
      `с первой же записи написанное покупателями течёт в базу возврата (таблиц: ${tables.length}); включается до того, как кто-то впущен`,
    undone: ({ mapped }) =>
      `база закрывается, написанное покупателями переливается в базу возврата, стороны сравниваются, переносятся последовательности, ${
        mapped.length === 0 ? '' : 'строки, которым нет места в старой схеме, отображаются, '
      }внешние ключи проверяются по строкам`,
  },
  services: {
    does: ({ state, services }) =>
      state === 'stopped'
        ? `остановка: ${list([...services].reverse())}, с ожиданием конца`
        : `запуск: ${list(services)}, с ожиданием готовности`,
    undone: ({ state, services }) =>
      state === 'stopped' ? `запуск: ${list(services)}` : `остановка: ${list([...services].reverse())}`,
  },
  'smoke-test': {
    does: ({ probes }) => `запросы через главный вход: ${list(probes)}`,
    undone: NOTHING,
  },
  'staging-copy': { does: () => 'staging создаётся из резервной копии production', undone: NOTHING },
  'switch-over': {
    does: ({ fenceMs, traffic, comparesBehindFence }) =>
      `стороны построчно сравниваются на один момент, пока покупатели пишут${
        comparesBehindFence ? ', и ещё раз за ограждением' : ''
      }; затем, не дольше чем на ${durationRu(fenceMs)}, никто не пишет: доливаются последние изменения, переносятся последовательности, имена меняются местами. ${
        traffic ? 'Клиенты в это время ждут и не видят ошибок. ' : ''
      }С первой же записи написанное покупателями течёт обратно в старую базу`,
    undone: ({ mapped, comparesBehindFence }) =>
      comparesBehindFence
        ? 'то же переключение в обратную сторону, со сравнением за ограждением'
        : `то же переключение в обратную сторону: ${mapped.length === 0 ? '' : 'отображение строк, которым нет места в старой схеме, и '}сравнение сторон, пока покупателей обслуживают; ограждение, долив, последовательности, имена${
            mapped.length === 0
              ? ''
              : '; строки последнего мгновения отображаются, когда покупателей уже снова обслуживают'
          }`,
  },
  validate: {
    does: ({ expectations, onCopy }) =>
      `запросы с ожидаемыми ответами (${expectations.length}) в одном снимке${onCopy ? ' копии' : ''}`,
    undone: NOTHING,
  },
  watch: {
    does: ({ lastsMs }) =>
      `${durationRu(lastsMs)} судятся по целям и матрице; время без данных не засчитывается`,
    undone: NOTHING,
  },
  'way-back': {
    does: () =>
      'доказано, что после снимка резервной копии никто не писал: база возврата и есть production как он стоит',
    undone: () =>
      'база возврата получает имя production, и все её таблицы сравниваются до того, как кто-то впущен; мигрированная остаётся под другим именем',
  },
};

function ran({ command, onCopy }: StepFacts): string {
  return `команда \`${command}\`${onCopy ? ' на копии' : ''}`;
}

function list(names: readonly string[]): string {
  if (names.length < 2) return names.join('');
  return `${names.slice(0, -1).join(', ')} и ${names.at(-1)}`;
}
