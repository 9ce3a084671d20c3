import type { Address } from '@ton/core';
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

/** Reads what the registry allows and blocks. Throws CocoonError `chain_unavailable`. */
export async function readRegistryRules(client: ChainClient, registry: Address): Promise<RegistryRules> {
  const [images, shapes, models, floors, blocks] = await Promise.all([
    client.getMethod(registry, REGISTRY_GETTERS.images).then(parseImages),
    client.getMethod(registry, REGISTRY_GETTERS.shapes).then(parseShapes),
    client.getMethod(registry, REGISTRY_GETTERS.models).then(parseModels),
    client.getMethod(registry, REGISTRY_GETTERS.floors).then(parseFloors),
    client.getMethod(registry, REGISTRY_GETTERS.blocks).then(parseBlocks),
  ]);
  return {
    images: new Map(images.map(({ imageId, expiresAt }) => [imageId.toString('hex'), expiresAt])),
    shapes: new Set(shapes.map((shape) => shape.toString('hex'))),
    models: new Map(models.map(({ modelHash, name }) => [modelHash.toString('hex'), name])),
    floors: new Map(floors.map(({ fmspc, ...floor }) => [fmspc.toString('hex'), floor])),
    blocks: new Map(blocks.map(({ hash, at }) => [hash.toString('hex'), at])),
  };
}
