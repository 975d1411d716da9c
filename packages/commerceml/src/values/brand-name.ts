import { emptyMarker } from './empty-marker.ts';
import { cleanLine } from './text.ts';

/**
 * The key under which spellings of one brand meet: letters and digits only, lower case, ё as е, accents of Latin
 * letters dropped. Й stays й (stripping all marks, as the original did, made и of it).
 *
 * @example foldBrandName('Rusco Sport') === foldBrandName('RuscoSport') // true
 */
export function foldBrandName(name: string): string {
  const lower = name.toLowerCase().replace(/ё/g, 'е');
  const plain = lower.replace(/[\u00c0-\u024f]/g, (letter) =>
    letter.normalize('NFD').replace(/[\u0300-\u036f]/g, ''),
  );
  return plain.replace(/[^\p{L}\p{N}]+/gu, '');
}

/**
 * Whether a dictionary's brand is really the statement that there is none (`Без бренда`, `No name`, `-`, empty).
 *
 * @example isNoBrand('Без Бренда') // true
 */
export function isNoBrand(name: string): boolean {
  return emptyMarker(cleanLine(name)) !== undefined || foldBrandName(name) === '';
}
