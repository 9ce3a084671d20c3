import { AttestationError } from './errors';
import { asciiText } from './bytes';
import { contentOf, TAG, type Element } from './der';

/** Seconds since 1970 of a certificate's or CRL's date (RFC 5280: UTCTime until 2049, GeneralizedTime after). */
export function derTime(element: Element, what: string): number {
  const { tag } = element;
  const text = asciiText(contentOf(element), 'der_malformed', what);
  if (tag === TAG.utcTime && /^\d{12}Z$/.test(text)) {
    const century = Number(text.slice(0, 2)) < 50 ? '20' : '19';
    return calendar(century + text.slice(0, 12), what);
  }
  if (tag === TAG.generalizedTime && /^\d{14}Z$/.test(text)) return calendar(text.slice(0, 14), what);
  throw new AttestationError('der_malformed', `${what} is no date of RFC 5280`);
}

/** Seconds since 1970 of a date as Intel's JSON has it: `2025-06-19T10:16:03Z`; null if it is none. */
export function isoTime(text: string): number | null {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text)) return null;
  const seconds = Date.parse(text) / 1000;
  return isoText(seconds) === text ? seconds : null;
}

/** As a person reads it: `2025-06-19T10:16:03Z`. */
export function isoText(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? 'no date' : date.toISOString().replace('.000Z', 'Z');
}

/** `YYYYMMDDhhmmss`; a day that no calendar has is refused, not carried over. */
function calendar(digits: string, what: string): number {
  const [, year, month, day, hour, minute, second] = /^(....)(..)(..)(..)(..)(..)$/.exec(digits)!;
  const seconds = isoTime(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (seconds === null) throw new AttestationError('der_malformed', `${what} is no date of the calendar`);
  return seconds;
}
