import { createHash } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import type { Mutant } from './mutants';
import { ROOT } from './targets';

// What became of each mutant that was run: one line for each in results.tsv, sorted. While a run goes on its findings are appended to a
// journal, so that a killed run loses one mutant at most.

/** `same` is the same code, `invalid` none at all: neither counts. */
export type Status = 'killed' | 'survived' | 'same' | 'invalid' | 'not run';

export interface Result {
  id: string;
  status: Status;
  /** The suite whose test died of it, below tests/; empty for the others. */
  by: string;
  /** What the finding rests on, see keyOf. */
  key: string;
}

const FILE = path.join(__dirname, 'results.tsv');
const JOURNAL = path.join(ROOT, 'build', 'mutation.tsv');
const KEY_LENGTH = 12;

/** Every finding that was written, the later ones over the earlier. */
export function readResults(): Map<string, Result> {
  const lines = [FILE, JOURNAL].flatMap((file) =>
    existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [],
  );
  return new Map(lines.flatMap((line) => parsed(line)).map((result) => [result.id, result]));
}

/** A line that a kill tore is none. */
function parsed(line: string): Result[] {
  const [id, status, by, key] = line.split('\t');
  return key?.length === KEY_LENGTH ? [{ id: id!, status: status as Status, by: by!, key }] : [];
}

const written = ({ id, status, by, key }: Result): string => [id, status, by, key].join('\t');

export function appendResult(result: Result): void {
  mkdirSync(path.dirname(JOURNAL), { recursive: true });
  appendFileSync(JOURNAL, `\n${written(result)}\n`);
}

/** Writes results.tsv anew and ends the journal. */
export function compactResults(results: readonly Result[]): void {
  const known = results.filter(({ status }) => status !== 'not run');
  const lines = known.map(written).sort();
  const unfinished = `${FILE}.${process.pid}`;
  writeFileSync(unfinished, `${lines.join('\n')}\n`);
  renameSync(unfinished, FILE);
  rmSync(JOURNAL, { force: true });
}

/**
 * What a finding rests on. A kill: the changed declaration and the suite that died of it, for the same test dies again. A
 * survival: the declaration and every suite that could have. So a new test costs the survivors alone, and a change of a
 * contract what it changes.
 */
export function keyOf(mutant: Mutant, status: Status, by: string, suites: readonly string[]): string {
  const rests = status === 'killed' ? [by] : status === 'survived' ? suites : [];
  const hash = createHash('sha256').update(
    JSON.stringify([toolchain(), mutant.id, mutant.declaration, status]),
  );
  for (const suite of rests) hash.update(textOf(suite));
  return hash.digest('hex').slice(0, KEY_LENGTH);
}

/** Whether a finding still says something about the sources as they are. */
export function isCurrent(result: Result, mutant: Mutant, suites: readonly string[]): boolean {
  if (result.status === 'not run' || (result.by !== '' && !suites.includes(result.by))) return false;
  return result.key === keyOf(mutant, result.status, result.by, suites);
}

const texts = new Map<string, string>();

function textOf(suite: string): string {
  const text = texts.get(suite) ?? readFileSync(path.join(ROOT, 'tests', suite), 'utf8');
  texts.set(suite, text);
  return text;
}

/** Versions of what compiles and of what runs. */
function toolchain(): string {
  return ['@tact-lang/compiler', '@ton/sandbox'].map((name) => versionOf(name)).join(' ');
}

function versionOf(name: string): string {
  const text = readFileSync(path.join(ROOT, 'node_modules', name, 'package.json'), 'utf8');
  return `${name} ${(JSON.parse(text) as { version: string }).version}`;
}
