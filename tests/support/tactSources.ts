import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Cell } from '@ton/core';
import { Logger, run } from '@tact-lang/compiler';

/** Tact files by their path below the project's root. */
export type Sources = Readonly<Record<string, string>>;

const ROOT = path.join(__dirname, '..', '..');
const CACHE = path.join(tmpdir(), 'cocoon-tact');

/** Every contract of the project as it is on disk. */
export function contractSources(): Sources {
  const files = readdirSync(path.join(ROOT, 'contracts'), { recursive: true, encoding: 'utf8' });
  return Object.fromEntries(
    files.filter((file) => file.endsWith('.tact')).map((file) => readSource(path.join('contracts', file))),
  );
}

export function readSource(file: string): [string, string] {
  return [file, readFileSync(path.join(ROOT, file), 'utf8')];
}

/**
 * The code of `contract` in the project whose entry is `entry`, compiled as the shipped contracts are. Once per content:
 * the code is kept in the system's folder for temporary files. Throws with the compiler's words.
 */
export async function compileTact(sources: Sources, entry: string, contract: string): Promise<Cell> {
  const hash = createHash('sha256').update(readFileSync(path.join(ROOT, 'package-lock.json')));
  hash.update(JSON.stringify([Object.entries(sources).sort(), entry, contract]));
  const cached = path.join(CACHE, `${hash.digest('hex')}.boc`);
  if (existsSync(cached)) return Cell.fromBoc(readFileSync(cached))[0]!;

  const code = await compile(sources, entry, contract);
  mkdirSync(CACHE, { recursive: true });
  // Whole or not at all: other test processes read here too.
  const unfinished = `${cached}.${process.pid}`;
  writeFileSync(unfinished, code);
  renameSync(unfinished, cached);
  return Cell.fromBoc(code)[0]!;
}

async function compile(sources: Sources, entry: string, contract: string): Promise<Buffer> {
  const files = Object.fromEntries(
    Object.entries(sources).map(([file, text]) => [file, Buffer.from(text).toString('base64')]),
  );
  const errors: string[] = [];
  const logger = new Logger();
  logger.error = (message) => errors.push(String(message));
  logger.info = logger.warn = logger.debug = () => undefined;
  const project = { name: 'Test', path: entry, output: 'out', options: { debug: false, external: true } };
  const result = await run({ config: { projects: [project] }, files, logger });
  const code = files[`out/Test_${contract}.code.boc`];
  if (!result.ok || code === undefined) {
    throw new Error([`cannot compile ${entry}:`, ...errors, ...result.error.map(String)].join('\n'));
  }
  return Buffer.from(code, 'base64');
}
