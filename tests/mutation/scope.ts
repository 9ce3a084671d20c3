import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { Sources } from '../support/tactSources';
import { importedBy, treeOf } from './compile';
import type { Mutant } from './mutants';
import { reachOf } from './reach';
import { ROOT, TARGETS, type ContractName, type Target } from './targets';

// What is changed, and who judges.

/** The contracts that hold or steer money. The Platform holds none: `npm run mutants` forges quotes against each of its guards. */
export const PARTS = ['escrow', 'worker', 'registry', 'router', 'shared'] as const;
export type Part = (typeof PARTS)[number];

const FILES = /^contracts\/((escrow|worker|registry|router)\/.*|shared\/passing)\.tact$/;
/** Files without a statement, or of numbers that only an error or a message has. */
const LISTS = /\/(errors|opcodes|view|intel|simulated)\.tact$/;

/** The files that are changed, sorted. */
export function filesIn(sources: Sources): string[] {
  return Object.keys(sources)
    .filter((file) => FILES.test(file) && !LISTS.test(file))
    .sort();
}

export const partOf = ({ file }: Pick<Mutant, 'file'>): Part => file.split('/')[1] as Part;

/** Suites by the part whose mutants they judge. The scenarios, long stories over several contracts, do not: each rule has its own test. */
const SUITES: Readonly<Record<Part, RegExp>> = {
  escrow: /^(flows\/(escrow-|mutation-escrow)|properties\/escrow)/,
  worker: /^(flows\/(worker-|attest|mutation-worker|registry-children|escrow-bounce)|properties\/worker)/,
  registry: /^flows\/(registry-|attest|mutation-registry|worker-(announce|attest|stake|slash)|router)/,
  router: /^flows\/(router|mutation-router|registry-children)/,
  shared: /^flows\/(router|worker-|registry-)/,
};
/** Files of prices: gas tests hold their bounds against what is consumed. */
const PRICES = /\/(gas|listing-gas|limits)\.tact$/;

/** The suites that judge a mutant, by their path below tests/. */
export function suitesFor(mutant: Mutant, suites: readonly string[]): string[] {
  const part = partOf(mutant);
  const gas = PRICES.test(mutant.file) ? `gas/${part}` : null;
  return suites.filter((file) => SUITES[part].test(file) || (gas !== null && file.startsWith(gas)));
}

/** Every suite of the contracts, by its path below tests/, sorted. */
export function allSuites(): string[] {
  return ['flows', 'properties', 'gas'].flatMap(suitesIn).sort();
}

function suitesIn(folder: string): string[] {
  try {
    return readdirSync(path.join(ROOT, 'tests', folder))
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => `${folder}/${name}`);
  } catch {
    return [];
  }
}

const OWNERS: Readonly<Record<string, ContractName>> = {
  'contracts/escrow/escrow.tact': 'Escrow',
  'contracts/worker/worker.tact': 'Worker',
  'contracts/registry/registry.tact': 'Registry',
  'contracts/router/router.tact': 'Router',
};

/** The contracts whose own code a mutant can change. */
export function targetsOf(mutant: Mutant, sources: Sources): Target[] {
  return TARGETS.filter(({ contract, entry }) => {
    const imported = importedBy(sources, entry);
    if (!imported.some(({ path: file }) => file.endsWith(mutant.file))) return false;
    const isOwn = !/^[A-Z_0-9]+$|^[a-z]\w*$/.test(mutant.scope) || mutant.scope === 'init';
    if (isOwn) return OWNERS[mutant.file] === contract;
    return reached(contract, entry, sources).has(mutant.scope);
  });
}

const reaches = new Map<string, ReadonlySet<string>>();

function reached(contract: string, entry: string, sources: Sources): ReadonlySet<string> {
  const known = reaches.get(contract) ?? reachOf(importedBy(sources, entry).map(treeOf), contract);
  reaches.set(contract, known);
  return known;
}
