import type { Sources } from '../support/tactSources';

/** A place where a contract refuses. */
export interface Guard {
  /** File and statement, with a number where the statement is repeated. */
  id: string;
  file: string;
  /** Where its text stands in the file. */
  start: number;
  end: number;
  /** What stands there when it is left out. */
  without: string;
}

/** The files whose guards decide what a Platform accepts. */
const GUARDED =
  /^contracts\/(platform\/.*|shared\/(p256|certificate-text|svn-text|utc-time|text-hash)\.tact)/;
/** Another root's literals: the same text but for them. */
const NOT_BUILT = 'contracts/platform/roots/intel.tact';

const STATEMENT = /(?<!fun )\b(?:throwUnless|throwIf|throw|require[A-Z]\w*|noMoreText)\([^;]*?\);/gs;
const OPCODE = /\b\d+ THROWIF(?:NOT)?\b|\bTHROWANYIFNOT\b|\bENDS\b/g;

/** Every guard in the sources, in their order. */
export function guardsOf(sources: Sources): Guard[] {
  return Object.keys(sources)
    .filter((file) => GUARDED.test(file) && file !== NOT_BUILT)
    .sort()
    .flatMap((file) => guardsIn(file, sources[file]!));
}

function guardsIn(file: string, source: string): Guard[] {
  const code = source.replace(/\/\/.*$/gm, (comment) => ' '.repeat(comment.length));
  const found = [
    ...[...code.matchAll(STATEMENT)].map(({ 0: text, index }) => ({ text, index, without: '' })),
    ...[...code.matchAll(OPCODE)].map(({ 0: text, index }) => ({
      text,
      index,
      without: text === 'THROWANYIFNOT' ? '2DROP' : 'DROP',
    })),
  ].sort((a, b) => a.index - b.index);
  const seen = new Map<string, number>();
  return found.map(({ text, index, without }) => {
    const name = `${file.replace('contracts/', '')}: ${text.replace(/\s+/g, ' ')}`;
    const repeated = (seen.get(name) ?? 0) + 1;
    seen.set(name, repeated);
    const id = repeated === 1 ? name : `${name} (${repeated})`;
    return { id, file, start: index, end: index + text.length, without };
  });
}

/** The sources without one guard. */
export function withoutGuard(sources: Sources, { file, start, end, without }: Guard): Sources {
  const source = sources[file]!;
  return { ...sources, [file]: source.slice(0, start) + without + source.slice(end) };
}

/** The sources with the `occurrence`-th (from 1) of a text replaced; throws when it is not there. */
export function withReplaced(
  sources: Sources,
  file: string,
  text: string,
  replacement: string,
  occurrence = 1,
): Sources {
  const parts = sources[file]?.split(text) ?? [];
  if (parts.length <= occurrence) throw new Error(`${file} has no "${text}" number ${occurrence}`);
  const [before, after] = [parts.slice(0, occurrence).join(text), parts.slice(occurrence).join(text)];
  return { ...sources, [file]: before + replacement + after };
}
