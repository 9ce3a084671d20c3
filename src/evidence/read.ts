import { CocoonError } from '../protocol/errors';
import { bundleSchema, type EvidenceBundle } from './bundle';
import { EVIDENCE_LIMITS } from './limits';

/** The bundle as a file: fields in one order, two spaces, a line end. Throws CocoonError `evidence_malformed`. */
export function writeBundle(bundle: EvidenceBundle): string {
  return `${JSON.stringify(checked(bundle), null, 2)}\n`;
}

/**
 * Reads a bundle. Space between its parts may be any; else the text must be what JSON.stringify writes, so that no key
 * stands twice and all readers see the same. Throws CocoonError `evidence_malformed` that names the place.
 */
export function readBundle(text: string): EvidenceBundle {
  if (text.length > EVIDENCE_LIMITS.bundleMaxBytes) {
    throw malformed(`it has more than ${EVIDENCE_LIMITS.bundleMaxBytes} characters`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw malformed('it is no JSON, or only a part of it', cause);
  }
  if (JSON.stringify(value) !== withoutSpace(text))
    throw malformed('it says a thing twice, or in an odd way');
  return checked(value);
}

/** Throws CocoonError `evidence_malformed` unless the value has a bundle's form. */
export function checked(value: unknown): EvidenceBundle {
  const parsed = bundleSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw malformed(`${issue.path.join('.') || 'the whole'}: ${issue.message}`);
}

/** JSON without the space that stands outside of its strings; a loop, because a pattern would exhaust its stack on long ones. */
function withoutSpace(text: string): string {
  const kept: string[] = [];
  for (let at = 0; at < text.length;) {
    const quote = text.indexOf('"', at);
    const open = quote < 0 ? text.length : quote;
    kept.push(wordsOf(text, at, open).join(''));
    at = open === text.length ? open : endOfString(text, open);
    kept.push(text.slice(open, at));
  }
  return kept.join('');
}

/** What stands between spaces from `from` to `to`. */
function wordsOf(text: string, from: number, to: number): string[] {
  const words: string[] = [];
  let start = from;
  for (let at = from; at <= to; at++) {
    if (at < to && !SPACES.has(text.charCodeAt(at))) continue;
    if (at > start) words.push(text.slice(start, at));
    start = at + 1;
  }
  return words;
}

const SPACES: ReadonlySet<number> = new Set([...' \t\r\n'].map((space) => space.charCodeAt(0)));

/** Past the quote that ends the string beginning at `open`; the text is known to be JSON. */
function endOfString(text: string, open: number): number {
  let at = open + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function malformed(why: string, cause?: unknown): CocoonError {
  return new CocoonError('evidence_malformed', `This is no bundle of evidence: ${why}.`, { cause });
}
