import type { Language } from './words.ts';

/** Lengths of time with the units of the language, at most two of them. */
const UNITS: Readonly<Record<Language, readonly [string, string, string, string]>> = {
  en: ['ms', 's', 'min', 'h'],
  ru: ['мс', 'с', 'мин', 'ч'],
};

/**
 * Rounded as `formatMs` rounds for reports, so that both say the same of one run.
 *
 * @example length(75_000, 'en') // "1 min 15 s"
 */
export function length(ms: number, language: Language): string {
  const [milli, second, minute, hour] = UNITS[language];
  if (Math.round(ms) < 1000) return `${Math.round(ms)} ${milli}`;
  if (Math.round(ms / 100) < 600) return `${(ms / 1000).toFixed(1)} ${second}`;
  const seconds = Math.round(ms / 1000);
  const minutes = seconds < 600 ? Math.floor(seconds / 60) : Math.round(ms / 60_000);
  if (minutes < 60) {
    const rest = minutes < 10 ? seconds % 60 : 0;
    return rest === 0 ? `${minutes} ${minute}` : `${minutes} ${minute} ${rest} ${second}`;
  }
  const rest = minutes % 60;
  return `${Math.floor(minutes / 60)} ${hour}${rest === 0 ? '' : ` ${rest} ${minute}`}`;
}

/** A time of day in the window's zone, with seconds; with the date where it is another day than `besideMs`. */
export function clock(ms: number, zone: string | undefined, besideMs: number): string {
  const day = (at: number): string =>
    new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short' }).format(at);
  const time = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, timeStyle: 'medium' }).format(ms);
  return day(ms) === day(besideMs) ? time : `${day(ms)} ${time}`;
}

/** @example megabytes(1_500_000) // "1.5 MB" */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** The first characters of a hash: enough to compare by eye, the whole is in the title. */
export function short(hash: string): string {
  return hash.slice(0, 12);
}
