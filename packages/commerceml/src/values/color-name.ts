/**
 * Colours as 1C writes them: inflected (`синяя`), with ё or е, compound (`Черный/Серый`, `зелено-черный`,
 * `Жёлтый с чёрным`), abbreviated (`т.бежевый`, `хаки/син`), mistyped (`Берюзовый`).
 */
import { remembered } from './remembered.ts';
import { cleanLine } from './text.ts';

/** Stem → dictionary form. The stems are also the combining forms without their о/е (`зелен|о-`, `син|е-`). */
const STEMS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    бел: 'белый',
    черн: 'черный',
    чёрн: 'черный',
    красн: 'красный',
    син: 'синий',
    зелен: 'зеленый',
    желт: 'желтый',
    сер: 'серый',
    розов: 'розовый',
    оранжев: 'оранжевый',
    фиолетов: 'фиолетовый',
    коричнев: 'коричневый',
    бежев: 'бежевый',
    бордов: 'бордовый',
    голуб: 'голубой',
    салатов: 'салатовый',
    сиренев: 'сиреневый',
    золот: 'золотой',
    золотист: 'золотистый',
    серебрян: 'серебряный',
    серебрист: 'серебристый',
    бирюзов: 'бирюзовый',
    берюзов: 'бирюзовый',
    малинов: 'малиновый',
    лимонн: 'лимонный',
    мятн: 'мятный',
    коралл: 'коралловый',
    кораллов: 'коралловый',
    коралов: 'коралловый',
    лилов: 'лиловый',
    вишнев: 'вишневый',
    песочн: 'песочный',
    оливков: 'оливковый',
    персиков: 'персиковый',
    пурпурн: 'пурпурный',
    алый: 'алый',
    ал: 'алый',
    изумрудн: 'изумрудный',
    васильков: 'васильковый',
    кремов: 'кремовый',
    молочн: 'молочный',
    бронзов: 'бронзовый',
    медн: 'медный',
    графитов: 'графитовый',
    камуфляжн: 'камуфляжный',
    прозрачн: 'прозрачный',
    рыж: 'рыжий',
    лазурн: 'лазурный',
    болотн: 'болотный',
    горчичн: 'горчичный',
    терракотов: 'терракотовый',
    лавандов: 'лавандовый',
    сливов: 'сливовый',
    ментолов: 'ментоловый',
    шоколадн: 'шоколадный',
    разноцветн: 'разноцветный',
    сапфиров: 'сапфировый',
  }),
);

/** Colours that are not adjectives. */
const WORDS: ReadonlySet<string> = new Set(
  'хаки индиго фуксия беж бордо марсала электрик мультиколор камуфляж серебро золото капучино айвори графит циан маджента баклажан аквамарин антрацит'.split(
    ' ',
  ),
);

/** Shades: with one of these a colour is a colour of its own, never its base. */
const SHADES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    темно: 'темно',
    т: 'темно',
    тем: 'темно',
    светло: 'светло',
    св: 'светло',
    ярко: 'ярко',
    бледно: 'бледно',
    нежно: 'нежно',
  }),
);

/** Words that go with a colour without changing what it is called. */
const FINISHES: ReadonlySet<string> = new Set(
  'принт металлик неон матовый матовая глянцевый глянцевая меланж флуоресцентный'.split(' '),
);

const ENDING = /(?:ый|ий|ой|ая|яя|ое|ее|ые|ие|ым|им|ого|его)$/;

/** What a colour's text is made of. */
export interface ParsedColor {
  /** The folded key: `синий`, `темно-синий`, `черный/серый`. */
  readonly key: string;
  /** More than one colour. */
  readonly compound: boolean;
  /** Every part is a colour that is known, so the text is a colour and not a pattern or a word of the name. */
  readonly recognized: boolean;
  /** A finish such as `принт` is part of it. */
  readonly finish: boolean;
}

/**
 * The key under which spellings of one colour meet, for matching against `color_mappings`. A shade or a compound is
 * never folded to its base colour.
 *
 * @example foldColorName('чёрная') // 'черный'
 * @example foldColorName('Тёмно-синий') // 'темно-синий'
 */
export function foldColorName(name: string): string {
  return parseColor(name).key;
}

/** Takes a colour's text apart; see `foldColorName`. */
export const parseColor: (text: string) => ParsedColor = remembered(parseNewColor);

function parseNewColor(text: string): ParsedColor {
  const words = cleanLine(text)
    .toLowerCase()
    .replace(/ё/g, 'е')
    .replace(/(^|[\s/;,+-])(т|тем|св)\.\s*/g, '$1$2-');
  const parts: string[] = [];
  let recognized = words.length > 0;
  let finish = false;
  for (const piece of words.split(/\s*[/;,+&]\s*|\s+(?:с|со|и)\s+/)) {
    const folded = foldPiece(piece);
    parts.push(...folded.colors);
    recognized &&= folded.recognized;
    finish ||= folded.finish;
  }
  return { key: parts.join('/'), compound: parts.length > 1, recognized, finish };
}

/** One piece between separators: `зелено-черный`, `темно-синий`, `белый принт`. */
function foldPiece(piece: string): {
  readonly colors: readonly string[];
  readonly recognized: boolean;
  readonly finish: boolean;
} {
  const colors: string[] = [];
  let recognized = true;
  let finish = false;
  for (const word of piece.split(' ')) {
    if (word === '') continue;
    if (FINISHES.has(word)) {
      finish = true;
      const last = colors.pop();
      colors.push(last === undefined ? word : `${last} ${word}`);
      if (last === undefined) recognized = false;
      continue;
    }
    let shade = '';
    for (const bit of word.split('-')) {
      const asShade = SHADES.get(bit);
      if (asShade !== undefined) {
        shade += `${asShade}-`;
        continue;
      }
      const color = foldWord(bit);
      if (color === undefined) recognized = false;
      colors.push(shade + (color ?? bit));
      shade = '';
    }
    if (shade !== '') {
      recognized = false;
      colors.push(shade.slice(0, -1));
    }
  }
  // Words that are no colours stay together as they were: "розовый собака" is one thing, not two colours.
  return recognized
    ? { colors, recognized, finish }
    : { colors: [colors.join(' ')], recognized: false, finish };
}

function foldWord(word: string): string | undefined {
  if (WORDS.has(word)) return word;
  const stem = word.replace(ENDING, '');
  const adjective = STEMS.get(stem);
  if (adjective !== undefined) return adjective;
  // Combining forms: зелено-, сине-; abbreviations: син, черн.
  return STEMS.get(word.replace(/[ое]$/, '')) ?? undefined;
}
