import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { transformSync } from '@swc/core';
import { Cell } from '@ton/core';
import * as fc from 'fast-check';
import { hashOf } from './link';
import { keepMachineCode } from './machineCode';
import { ROOT, type Built } from './targets';

// The project's modules, evaluated anew for each mutant from text that was read and stripped once; packages stay. A changed
// contract reaches them through `Cell.fromHex`, by which every generated binding makes its code.

const OURS = new RegExp(`^${ROOT}/(src|wrappers|build|tests(?!/mutation/))`);
const GAS_SNAPSHOTS = path.join(ROOT, 'tests', 'support', 'gasSnapshot.ts');
const PROPERTY_RUNS = '25';

const requireOurs = createRequire(__filename);
const texts = new Map<string, string>();
const codes = new Map<string, Cell>();

/** Prepares this process: Jest's way with TypeScript, the bindings' code, no snapshots, one seed for every property. */
export function installLoader(): void {
  process.env['PROPERTY_RUNS'] = PROPERTY_RUNS;
  keepMachineCode();
  fc.configureGlobal({ seed: 1, endOnFailure: true });
  require.extensions['.ts'] = (module, file) => {
    const text = texts.get(file) ?? stripped(file);
    texts.set(file, text);
    (module as unknown as { _compile(text: string, file: string): void })._compile(text, file);
  };
  const fromHex = Cell.fromHex;
  Cell.fromHex = (hex) => codes.get(hex) ?? fromHex(hex);
}

/** From now on bindings have this code. */
export function useCodes(built: readonly Built[]): void {
  codes.clear();
  for (const { hex, code } of built) {
    const known = codes.get(hex);
    if (known !== undefined && hashOf(known) !== hashOf(code)) throw new Error('one text for two codes');
    codes.set(hex, code);
  }
}

/** Evaluates a suite and what it imports; modules that were evaluated since `forgetModules` are shared. */
export function load(file: string): void {
  requireOurs(path.join(ROOT, file));
}

export function forgetModules(): void {
  for (const file of Object.keys(require.cache)) if (OURS.test(file)) delete require.cache[file];
}

function stripped(file: string): string {
  // Any change moves the gas of something: a snapshot would find each mutant and say nothing about the tests.
  if (file === GAS_SNAPSHOTS) return 'exports.expectGas = () => undefined;';
  return transformSync(readFileSync(file, 'utf8'), {
    filename: file,
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    module: { type: 'commonjs' },
  }).code;
}
