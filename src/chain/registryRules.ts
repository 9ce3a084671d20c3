import type { Address } from '@ton/core';
import { parseDates, parseImages, parseModels, REGISTRY_GETTERS } from '../../wrappers/Registry';
import type { ChainClient } from './chainClient';
import type { RegistryRules } from './types';

/** Reads the registry's lists of images, models and blocks. Throws CocoonError `chain_unavailable`. */
export async function readRegistryRules(client: ChainClient, registry: Address): Promise<RegistryRules> {
  const [images, models, blocks] = await Promise.all([
    client.getMethod(registry, REGISTRY_GETTERS.images).then(parseImages),
    client.getMethod(registry, REGISTRY_GETTERS.models).then(parseModels),
    client.getMethod(registry, REGISTRY_GETTERS.blocks).then(parseDates),
  ]);
  return {
    images: new Map(images.map(({ imageId, expiresAt }) => [imageId.toString('hex'), expiresAt])),
    models: new Map(models.map(({ modelHash, name }) => [modelHash.toString('hex'), name])),
    blocks: new Map(blocks.map(({ hash, at }) => [hash.toString('hex'), at])),
  };
}
