import type { Origin, WarningCode, WarningRecord } from '../records.ts';
import { emptyMarker } from '../values/empty-marker.ts';

/**
 * The checks of single values. They only report: the value goes on unchanged. With `details` off, only the
 * warnings about something that was *dropped* are made, for callers that have their own checks.
 */
export class DataWarnings {
  readonly details: boolean;
  readonly #push: (warning: WarningRecord) => void;

  constructor(details: boolean, push: (warning: WarningRecord) => void) {
    this.details = details;
    this.#push = push;
  }

  /** Reports a defect. */
  add(code: WarningCode, origin: Origin, message: string, subject: string | undefined): void {
    this.#push({ kind: 'warning', origin, code, message, subject });
  }

  /** Outer white space in a text that people or keys compare. */
  padded(text: string, what: string, origin: Origin, subject: string | undefined): void {
    if (!this.details || text.length === 0) return;
    if (isOuterSpace(text.charCodeAt(0)) || isOuterSpace(text.charCodeAt(text.length - 1))) {
      this.add('padded-text', origin, `${what} ${JSON.stringify(text)} has outer white space`, subject);
    }
  }

  /**
   * An id without the white space around it, which is reported. 1C pads codes of a fixed length, and not in every file;
   * a printer of XML breaks lines in every element: neither makes it the id of something else.
   */
  id(text: string, what: string, origin: Origin, subject: string | undefined): string {
    const length = text.length;
    if (length === 0) return text;
    if (!isOuterSpace(text.charCodeAt(0)) && !isOuterSpace(text.charCodeAt(length - 1))) return text;
    this.padded(text, what, origin, subject);
    return text.trim();
  }

  /** Mark-up inside a text. */
  html(text: string, what: string, origin: Origin, subject: string | undefined): void {
    if (this.details && text.includes('<') && /<\/?[a-z][^<>]*>/i.test(text)) {
      this.add('html-text', origin, `${what} holds HTML`, subject);
    }
  }

  /** A value that stands for "nothing". Empty values are ordinary, except in characteristics. */
  marker(value: string, what: string, origin: Origin, subject: string | undefined): void {
    if (!this.details || value.length === 0) return;
    const marker = emptyMarker(value);
    if (marker === undefined || marker === 'empty') return;
    const code =
      marker === 'nil' ? 'nil-reference' : marker === 'sentinel' ? 'sentinel-value' : 'placeholder-value';
    this.add(code, origin, `${what} is ${JSON.stringify(value)}, which stands for no value`, subject);
  }
}

function isOuterSpace(code: number): boolean {
  return code <= 0x20 || code === 0xa0;
}
