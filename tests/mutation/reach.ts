import type { AstNode, Contract, Module, ModuleItem } from '@tact-lang/compiler';
import { walk } from './syntax';

// What a contract is made of. A name that nothing in it says cannot matter to it, whatever else has that name.

/** Names of the functions, methods and constants that a contract comes to, by way of others too; `receivers` of others do not. */
export function reachOf(modules: readonly Module[], contract: string): ReadonlySet<string> {
  const items = modules.flatMap((module) => module.items);
  const byName = new Map<string, ModuleItem[]>();
  for (const item of items) byName.set(item.name.text, [...(byName.get(item.name.text) ?? []), item]);
  const reached = new Set<string>();
  const pending: AstNode[] = [
    ...items.filter((item) => item.kind === 'contract' && item.name.text === contract),
    ...items.filter(({ kind }) => kind === 'struct_decl' || kind === 'message_decl' || kind === 'trait'),
    // A child's first state is made by its parent.
    ...items.filter((item) => item.kind === 'contract').map(hollow),
  ];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    walk(next, (node) => {
      const name = node.kind === 'id' || node.kind === 'type_id' ? node.text : '';
      if (reached.has(name)) return;
      reached.add(name);
      pending.push(...(byName.get(name) ?? []).filter(({ kind }) => isShared(kind)));
    });
  }
  return reached;
}

const isShared = (kind: string): boolean => /^(function_def|asm_function_def|constant_def)$/.test(kind);

/** The same modules without what the contract does not come to: less to check and to write. */
export function shaken(modules: readonly Module[], contract: string): Module[] {
  const reached = reachOf(modules, contract);
  return modules.map((module) => ({
    ...module,
    items: module.items
      .filter((item) => item.loc.origin === 'stdlib' || !isShared(item.kind) || reached.has(item.name.text))
      .map((item) => (item.kind === 'contract' && item.name.text !== contract ? hollow(item) : item)),
  }));
}

/** A contract of which only the address matters: its fields and how they begin. */
function hollow(contract: Contract): Contract {
  const kept = contract.declarations.filter(({ kind }) => kind === 'field_decl' || kind === 'contract_init');
  return { ...contract, declarations: kept };
}
