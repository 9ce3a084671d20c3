/** The local gateway. */
export { createGateway } from './gateway';
export { openKeyBooks, type KeyBooks } from './keys/keyBooks';
export type { IssuedKey, KeyTerms, Rate } from './keys/keyTypes';
export { leftNano } from './keys/keyTypes';
export { newSecret } from './keys/secret';
export type { Gateway, GatewayConfig } from './types';
export { openApiDocument } from './openapi/document';
