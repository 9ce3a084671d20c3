import type { Address } from '@ton/core';
import {
  loadOrders,
  parseBlocks,
  parseFloors,
  parseImages,
  parseListed,
  parseModels,
  parseRegistry,
  parseShapes,
  REGISTRY_GETTERS,
  type AllowedImage,
  type AllowedModel,
  type FamilyFloor,
  type PendingOrder,
  type RegistryBlock,
  type RegistryOnChain,
} from '../../wrappers/Registry';
import type { ChainClient } from '../chain/chainClient';

/** Everything that a registry tells. */
export interface RegistryLists {
  registry: RegistryOnChain;
  workers: Address[];
  routers: Address[];
  images: AllowedImage[];
  shapes: Buffer[];
  models: AllowedModel[];
  floors: FamilyFloor[];
  blocks: RegistryBlock[];
  /** What waits for the timelock. */
  orders: PendingOrder[];
}

export async function readRegistryLists(client: ChainClient, registry: Address): Promise<RegistryLists> {
  const get = (name: string) => client.getMethod(registry, name);
  const [state, workers, routers, images, shapes, models, floors, blocks, orders] = await Promise.all([
    get(REGISTRY_GETTERS.registry),
    get(REGISTRY_GETTERS.workers),
    get(REGISTRY_GETTERS.routers),
    get(REGISTRY_GETTERS.images),
    get(REGISTRY_GETTERS.shapes),
    get(REGISTRY_GETTERS.models),
    get(REGISTRY_GETTERS.floors),
    get(REGISTRY_GETTERS.blocks),
    get(REGISTRY_GETTERS.orders),
  ]);
  return {
    registry: parseRegistry(state),
    workers: parseListed(workers),
    routers: parseListed(routers),
    images: parseImages(images),
    shapes: parseShapes(shapes),
    models: parseModels(models),
    floors: parseFloors(floors),
    blocks: parseBlocks(blocks),
    orders: loadOrders(orders),
  };
}
