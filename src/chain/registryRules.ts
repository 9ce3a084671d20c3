import type { Address, TupleReader } from '@ton/core';
import {
  parseBlocks,
  parseFloors,
  parseImages,
  parseModels,
  parseShapes,
  REGISTRY_GETTERS,
} from '../../wrappers/Registry';
import type { ChainClient } from './chainClient';
import type { RegistryRules } from './types';

/**
 * Reads what the registry allows and blocks, and remembers it until the registry's account changes: to look again costs one
 * request. Throws CocoonError `chain_unavailable`.
 */
export function createRegistryReader(client: ChainClient, registry: Address): () => Promise<RegistryRules> {
  let known: { lt: bigint; rules: Omit<RegistryRules, 'readAtUnix'> } | null = null;
  return async () => {
    const { last, atUnix } = await client.account(registry);
    const lt = last?.lt ?? 0n;
    if (known?.lt === lt) return { ...known.rules, readAtUnix: atUnix };
    const { rules, earliestLt } = await readLists(client, registry);
    // Lists of a server that lags behind are good for this once, and asked for again.
    if (earliestLt >= lt) known = { lt, rules };
    return { ...rules, readAtUnix: atUnix };
  };
}

async function readLists(
  client: ChainClient,
  registry: Address,
): Promise<{ rules: Omit<RegistryRules, 'readAtUnix'>; earliestLt: bigint }> {
  let earliestLt: bigint | null = null;
  const read = async <T>(getter: string, parse: (stack: TupleReader) => T): Promise<T> => {
    const { stack, lastLt } = await client.getMethodAt(registry, getter);
    if (earliestLt === null || lastLt < earliestLt) earliestLt = lastLt;
    return parse(stack);
  };
  const [images, shapes, models, floors, blocks] = await Promise.all([
    read(REGISTRY_GETTERS.images, parseImages),
    read(REGISTRY_GETTERS.shapes, parseShapes),
    read(REGISTRY_GETTERS.models, parseModels),
    read(REGISTRY_GETTERS.floors, parseFloors),
    read(REGISTRY_GETTERS.blocks, parseBlocks),
  ]);
  return {
    earliestLt: earliestLt ?? 0n,
    rules: {
      images: new Map(images.map(({ imageId, expiresAt }) => [imageId.toString('hex'), expiresAt])),
      shapes: new Set(shapes.map((shape) => shape.toString('hex'))),
      models: new Map(models.map(({ modelHash, name }) => [modelHash.toString('hex'), name])),
      floors: new Map(floors.map(({ fmspc, ...floor }) => [fmspc.toString('hex'), floor])),
      blocks: new Map(blocks.map(({ hash, at }) => [hash.toString('hex'), at])),
    },
  };
}
