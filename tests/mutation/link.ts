import { beginCell, Cell } from '@ton/core';
import { PROJECTS, type Built, type ContractName } from './targets';

// A parent holds its children's code as a cell of its own code. So a changed child needs no compiler for its parents: the
// cell is exchanged. What the compiler makes of a parent does not depend on what that cell holds.

/** Stands in a compiled contract for the code of a child. */
export function placeholder(contract: ContractName): Cell {
  return beginCell().storeStringTail(`code of ${contract}`).endCell();
}

/** Under Intel's root these two are other code; tests run the ones under the simulated root. */
const NOT_IN_TESTS: ReadonlySet<ContractName> = new Set(['Registry', 'Platform']);

/** Contracts that were changed: their code, with placeholders for what they embed. */
export type Changed = Readonly<Partial<Record<ContractName, Cell>>>;

/** All that was built, with the changed contracts in their places, in their parents too. */
export function linked(built: readonly Built[], changed: Changed): Built[] {
  return Object.keys(PROJECTS).flatMap((project) => {
    const exchanged = new Map<string, Cell>();
    // Children come first.
    return built
      .filter((each) => each.project === project)
      .map((each) => {
        const other =
          project === 'Registry' && NOT_IN_TESTS.has(each.contract) ? undefined : changed[each.contract];
        const code = withExchanged(other ?? each.code, exchanged);
        exchanged.set(hashOf(each.code), code);
        exchanged.set(hashOf(placeholder(each.contract)), code);
        return { ...each, code };
      });
  });
}

/** The tree with some of its cells exchanged, found by their hashes. */
function withExchanged(tree: Cell, exchanged: ReadonlyMap<string, Cell>): Cell {
  const other = exchanged.get(hashOf(tree));
  if (other !== undefined) return other;
  const refs = tree.refs.map((ref) => withExchanged(ref, exchanged));
  if (refs.every((ref, i) => ref === tree.refs[i])) return tree;
  return new Cell({ bits: tree.bits, refs, exotic: tree.isExotic });
}

export const hashOf = (cell: Cell): string => cell.hash().toString('hex');
