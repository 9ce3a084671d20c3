import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Cell } from '@ton/core';

export const ROOT = path.join(__dirname, '..', '..');

/** The contracts whose code is changed, or carries a changed one. */
export type ContractName = 'Escrow' | 'Worker' | 'Router' | 'Registry' | 'Platform';

/** How a contract is compiled alone: what it embeds is put in afterwards. */
export interface Target {
  contract: ContractName;
  entry: string;
  external: boolean;
}

export const TARGETS: readonly Target[] = [
  { contract: 'Escrow', entry: 'contracts/escrow/escrow.tact', external: true },
  { contract: 'Worker', entry: 'contracts/worker/worker.tact', external: false },
  { contract: 'Router', entry: 'contracts/router/router.tact', external: false },
  { contract: 'Registry', entry: 'contracts/registry/simulated.tact', external: false },
  { contract: 'Platform', entry: 'contracts/registry/simulated.tact', external: false },
];

/** What is in `build/`, by project: each contract after those that it embeds. */
export const PROJECTS: Readonly<Record<string, readonly ContractName[]>> = {
  Worker: ['Worker'],
  Router: ['Router'],
  Escrow: ['Worker', 'Escrow'],
  Registry: ['Worker', 'Router', 'Platform', 'Registry'],
  RegistrySimulated: ['Worker', 'Router', 'Platform', 'Registry'],
};

/** The code as it was built, and the text by which its generated binding has it. */
export interface Built {
  project: string;
  contract: ContractName;
  hex: string;
  code: Cell;
}

/** Everything that was built; throws when `build/` lacks a contract. */
export function readBuild(): Built[] {
  return Object.entries(PROJECTS).flatMap(([project, contracts]) =>
    contracts.map((contract): Built => {
      const file = path.join(ROOT, 'build', project, `${project}_${contract}.ts`);
      const hex = /const __code = Cell\.fromHex\('([0-9a-f]+)'\)/.exec(readFileSync(file, 'utf8'))?.[1];
      if (hex === undefined) throw new Error(`${file} has no code`);
      return { project, contract, hex, code: Cell.fromHex(hex) };
    }),
  );
}
