import {
  CompilerContext,
  createVirtualFileSystem,
  enableFeatures,
  getContracts,
  Logger,
  openContext,
  stdLibFiles,
  type Module,
  type Source,
} from '@tact-lang/compiler';
import { featureEnable } from '@tact-lang/compiler/dist/config/features';
import { resolveImports } from '@tact-lang/compiler/dist/imports/resolveImports';
import { setAstFactoryToStore } from '@tact-lang/compiler/dist/pipeline/ast-factory-store';
import { compileFunc, compileTact } from '@tact-lang/compiler/dist/pipeline/compile';
import { resolveAllocations } from '@tact-lang/compiler/dist/storage/resolveAllocation';
import { computeReceiversEffects } from '@tact-lang/compiler/dist/types/effects';
import { evalComptimeExpressions } from '@tact-lang/compiler/dist/types/evalComptimeExpressions';
import {
  computeGlobalVariablesUsages,
  resolveDescriptors,
} from '@tact-lang/compiler/dist/types/resolveDescriptors';
import { resolveErrors } from '@tact-lang/compiler/dist/types/resolveErrors';
import { resolveSignatures } from '@tact-lang/compiler/dist/types/resolveSignatures';
import { resolveStatements } from '@tact-lang/compiler/dist/types/resolveStatements';
import { Cell } from '@ton/core';
import type { Sources } from '../support/tactSources';
import { placeholder } from './link';
import { shaken } from './reach';
import { AST, parser, walk } from './syntax';
import type { ContractName, Target } from './targets';

// The steps of the compiler, for one contract: what did not change is parsed once, what the contract does not come to is left
// out, and a placeholder stands for each child's code. The result equals a whole build's (mutation.test.ts).

type Context = Parameters<typeof compileTact>[0];

const STDLIB = createVirtualFileSystem('@stdlib', stdLibFiles);
const imported = new WeakMap<Sources, Map<string, readonly Source[]>>();
const trees = new WeakMap<Source, Module>();

/** The standard library and every file that `entry` imports, in the compiler's order. Found once. */
export function importedBy(sources: Sources, entry: string): readonly Source[] {
  const known = imported.get(sources) ?? new Map<string, readonly Source[]>();
  imported.set(sources, known);
  const found =
    known.get(entry) ??
    resolveImports({ entrypoint: entry, project: folderOf(sources), stdlib: STDLIB, parser }).tact;
  known.set(entry, found);
  return found;
}

/** The tree of a source, parsed once. */
export function treeOf(source: Source): Module {
  const tree = trees.get(source) ?? withoutPlaces(parser.parse(source));
  trees.set(source, tree);
  return tree;
}

/** The compiler draws the place of whatever it tries in vain to compute, a third of its time, and nobody looks. */
function withoutPlaces(tree: Module): Module {
  walk(tree, (node) => {
    if (!('loc' in node)) return;
    node.loc.interval.getLineAndColumn = () => ({ lineNum: 0, colNum: 0 });
    node.loc.interval.getLineAndColumnMessage = () => '';
  });
  return tree;
}

/** Code of the target's contract alone, placeholders in the place of its children's. Throws the compiler's words. */
export async function compileAlone(sources: readonly Source[], target: Target): Promise<Cell> {
  const errors: string[] = [];
  const context = contextOf(sources, target, errors);
  const contracts = getContracts(context.ctx);
  for (const contract of contracts) {
    const codeBoc = placeholder(contract.name as ContractName).toBoc();
    context.built[contract.name] = { codeBoc, abi: '', constants: [], contract };
  }
  const contract = contracts.find(({ name }) => name === target.contract)!;
  delete context.built[contract.name];
  const written = await compileTact(context, contract);
  const code =
    written && (await compileFunc(context, contract.name, written.entrypointPath, written.funcSource));
  if (!code) throw new Error(errors.join('\n') || 'no code');
  return Cell.fromBoc(code)[0]!;
}

/** What the compiler knows of a program before it writes code. */
function contextOf(
  sources: readonly Source[],
  { contract, entry, external }: Target,
  errors: string[],
): Context {
  const logger = new Logger();
  logger.error = (message) => errors.push(String(message));
  logger.info = logger.warn = logger.debug = () => undefined;
  const config = { name: 'Mutant', path: entry, output: 'out', options: { debug: false, external } };
  let ctx = enableFeatures(new CompilerContext(), logger, config);
  setAstFactoryToStore(ctx, AST);
  ctx = openContext(ctx, [...sources], [], shaken(sources.map(treeOf), contract));
  ctx = resolveStatements(resolveDescriptors(ctx, AST));
  evalComptimeExpressions(ctx, AST);
  ctx = resolveErrors(resolveSignatures(computeGlobalVariablesUsages(ctx), AST), AST);
  ctx = featureEnable(resolveAllocations(ctx), 'optimizedChildCode');
  computeReceiversEffects(ctx);
  const project = folderOf({});
  return { config, logger, project, stdlib: STDLIB, compilerInfo: '', ctx, built: {}, errorMessages: [] };
}

function folderOf(sources: Sources): ReturnType<typeof createVirtualFileSystem> {
  const files = Object.entries(sources).map(([file, text]) => [file, Buffer.from(text).toString('base64')]);
  return createVirtualFileSystem('/', Object.fromEntries(files) as Record<string, string>, false);
}
